// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"reflect"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/blade"
)

// seeds are requests, good ones and others.
var seeds = []string{
	`{"vblade":1,"do":"status"}`,
	`{"vblade":1,"do":"status","name":"e9.0"}`,
	`{"vblade":1,"do":"remove","name":"e9.0"}`,
	`{"vblade":1,"do":"replace"}`,
	`{"vblade":1,"do":"add","export":{"shelf":9,"slot":0,"links":["eth0"],"filename":"/d","offset":0,"length":0,"readOnly":false,"direct":false,"sync":false,"buffers":16,"masks":["001122334455"]}}`,
	`{"vblade":1,"do":"add","export":{"shelf":9,"slot":0,"links":["eth0","eth1"],"filename":"/d","offset":2,"length":3,"readOnly":true,"sync":true,"buffers":1,"masks":null}}`,
	`{"vblade":1,"do":"add","export":{"shelf":9,"slot":0,"links":["eth0","eth1"],"hwaddr":["a20e00090000","a20e00090001"],"filename":"/d","buffers":1}}`,
	`{"vblade":1,"do":"add","export":{"shelf":9,"slot":0,"links":["eth0"],"hwaddr":["ffffffffffff"],"filename":"/d","buffers":1}}`,
	`{"vblade":1,"do":"add","export":{"shelf":9,"slot":0,"links":["eth0"],"filename":"/d","buffers":1,"serial":"volume 7","stateFile":{"path":"/s/e9.0.state","id":"1:2"}}}`,
	`{"vblade":1,"do":"add","export":{"shelf":9,"slot":0,"links":["eth0"],"filename":"/d","buffers":1,"serial":"a serial number that is longer"}}`,
	`{"vblade":1,"do":"add","export":{"shelf":65535,"slot":255}}`,
	`{"vblade":1,"do":"add"}`,
	`{"vblade":2,"do":"what","ever":1}`,
	`{"vblade":1,"do":"status"}{}`,
	`{"vblade":1,"do":"status","more":1}`,
	`[[[[[[[[`, `null`, `{}`, ``, "\x00\xff",
}

// FuzzDecode reads any request: what is accepted is within bounds, and the same
// when it is written and read again.
func FuzzDecode(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s), 0)
	}
	f.Fuzz(func(t *testing.T, line []byte, files int) {
		r, err := decodeRequest(line, files)
		if err != nil {
			return
		}
		if r.Do != doAdd {
			if files > 0 || r.Export != nil {
				t.Errorf("%s with an export", r.Do)
			}
			return
		}
		e, err := r.Export.export()
		if err != nil {
			return
		}
		if e.Shelf == aoe.EveryShelf || e.Slot == aoe.EverySlot || len(e.Links) == 0 || len(e.Links) > MaxLinks ||
			len(e.Masks) > blade.MaxMasks || len(e.HWAddr) != 0 && len(e.HWAddr) != len(e.Links) || e.File.Offset < 0 || e.File.Length < 0 || e.Filename == "" || e.Buffers == 0 || len(e.Serial) > blade.MaxSerial {
			t.Errorf("out of bounds: %+v", e)
		}
		encoded, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		p := new(parameters)
		if err := decode(encoded, p); err != nil {
			t.Fatalf("%s: %v", encoded, err)
		}
		if again, err := p.export(); err != nil || !reflect.DeepEqual(again, e) {
			t.Errorf("%+v becomes %+v, %v", e, again, err)
		}
	})
}
