// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/stats"
)

// measured is what an engine counts of e9.0 and its two links.
func measured() stats.Server {
	e := stats.Export{
		Shelf: 9, Links: []string{"eth0", "vb9.0-eth1"},
		Reads: 1, ReadBytes: 2, Writes: 3, WriteBytes: 4, Flushes: 5, Masked: 6, Shed: 7, Repeated: 8,
		InFlight: 9, Oldest: 1500 * time.Millisecond, Initiators: 2,
		Recent: stats.Recent{Reads: 10.46, ReadBytes: 11, Writes: 12, WriteBytes: 13, P50: 250 * time.Microsecond, P99: time.Second},
	}
	e.Errors[blade.FaultNotFound] = 14
	return stats.Server{Exports: []stats.Export{e}, Links: []stats.Link{
		{Name: "eth0", Receive: "ring", Send: "bypass", Received: 15, Ignored: 16, Sent: 17, Unsent: 18, Dropped: 19},
		{Name: "vb9.0-eth1", Down: "no carrier", Receive: "ring", Send: "socket", WhySend: "AF_XDP: not there"},
		{Name: "eth7"},
	}}
}

// TestStatusFigures asks for all exports and for one, and compares the fields, which
// programs read, with what the engine has counted.
func TestStatusFigures(t *testing.T) {
	r := startServer(t)
	friend, foe := aoe.MAC{2, 5: 1}, aoe.MAC{2, 5: 2}
	r.engine.set(func() {
		r.engine.stats = measured()
		r.engine.users = map[string]stats.Users{"e9.0": {
			Config: []byte("a\xff"), Masks: []aoe.MAC{friend}, Reservation: []aoe.MAC{friend},
			Initiators: []stats.Initiator{
				{MAC: friend, Link: "eth0", Idle: 1234567 * time.Microsecond, Requests: 20, Repeated: 21},
				{MAC: foe, Link: "eth0"},
			},
		}}
	})
	r.mustAdd(newExport(t, 9, 0, func(e *Export) { e.Links = []string{"eth0", "eth1"} }))
	r.mustAdd(newExport(t, 9, 1))
	const figures = `"state":"up","down":["eth1"],"figures":{"reads":1,"readBytes":2,"writes":3,"writeBytes":4,"flushes":5,` +
		`"errors":{"not found":14},"masked":6,"shed":7,"repeated":8,"inFlight":9,"oldest":1.5,"initiators":2,` +
		`"recent":{"reads":10.5,"readBytes":11,"writes":12,"writeBytes":13,"p50":0.00025,"p99":1}}`
	const users = `,"users":{"config":"a\ufffd","masks":["020000000001"],"reservation":["020000000001"],"initiators":[` +
		`{"mac":"020000000001","link":"eth0","idle":1.234,"requests":20,"repeated":21,"reserved":true,"masked":false},` +
		`{"mac":"020000000002","link":"eth0","idle":0,"requests":0,"repeated":0,"reserved":false,"masked":true}]}`
	const links = `{"name":"eth0","receive":"ring","send":"bypass","received":15,"ignored":16,"sent":17,"unsent":18,"dropped":19},` +
		`{"name":"vb9.0-eth1","down":"no carrier","receive":"ring","send":"socket","whySend":"AF_XDP: not there","received":0,"ignored":0,"sent":0,"unsent":0,"dropped":0}`
	const other = `,{"name":"eth7","receive":"","send":"","received":0,"ignored":0,"sent":0,"unsent":0,"dropped":0}`
	for name, want := range map[string]string{
		"":     `{"exports":[{` + figures + `},{"state":"up"}],"interfaces":[` + links + other + `]}`,
		"e9.0": `{"exports":[{` + figures + users + `}],"interfaces":[` + links + `]}`,
		"e9.1": `{"exports":[{"state":"up"}]}`,
	} {
		a, err := r.Status(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := withoutParameters(t, a.JSON); got != normal(t, want) {
			t.Errorf("status of %q:\n%s\nwant\n%s", name, got, normal(t, want))
		}
	}
	a, err := r.Status("e9.0")
	if err != nil || !slices.Equal(a.Exports[0].Down, []string{"eth1"}) || a.Exports[0].Figures.Reads != 1 || a.Exports[0].Users.Initiators[1].Masked != true || len(a.Links) != 2 {
		t.Errorf("%+v, %v", a, err)
	}
}

// normal returns JSON with its fields in the order of their names.
func normal(t *testing.T, text string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// withoutParameters returns a reply, as normal does, without what other tests look at.
func withoutParameters(t *testing.T, line []byte) string {
	t.Helper()
	var reply map[string]any
	if err := json.Unmarshal(line, &reply); err != nil {
		t.Fatal(err)
	}
	delete(reply, "vblade")
	delete(reply, "pid")
	for _, e := range reply["exports"].([]any) {
		export := e.(map[string]any)
		for key := range export {
			if !slices.Contains([]string{"state", "down", "figures", "users"}, key) {
				delete(export, key)
			}
		}
	}
	b, _ := json.Marshal(reply)
	return string(b)
}

// TestStates looks at the state of an export with one fault and with all of them.
func TestStates(t *testing.T) {
	r := startServer(t)
	r.mustAdd(newExport(t, 9, 0, func(e *Export) { e.Links = []string{"eth0"} }))
	wants := func(want State, change func(*stats.Export, *stats.Link)) {
		t.Helper()
		r.engine.set(func() {
			if len(r.engine.stats.Exports) == 0 {
				r.engine.stats = stats.Server{Exports: []stats.Export{{Shelf: 9, Links: []string{"eth0"}}}, Links: []stats.Link{{Name: "eth0"}}}
			}
			change(&r.engine.stats.Exports[0], &r.engine.stats.Links[0])
		})
		if a, err := r.Status("e9.0"); err != nil || a.Exports[0].State != want {
			t.Errorf("%+v, %v; want %s", a, err, want)
		}
	}
	wants(Up, func(*stats.Export, *stats.Link) {})
	wants(NoLink, func(_ *stats.Export, l *stats.Link) { l.Down = "no carrier" })
	wants(DiskFailing, func(e *stats.Export, _ *stats.Link) { e.Failing = true })
	wants(FlushFailed, func(e *stats.Export, _ *stats.Link) { e.FlushFailed = true })
	wants(DiskHangs, func(e *stats.Export, _ *stats.Link) { e.Hanging = true })
	set := func(to state) {
		r.table.mu.Lock()
		defer r.table.mu.Unlock()
		r.table.entries["e9.0"].state = to
	}
	for state, want := range map[state]State{coming: Starting, going: Draining, failed: NotServed, gone: NotServed} {
		set(state)
		wants(want, func(*stats.Export, *stats.Link) {})
	}
	set(serving)
}

// TestWaitingIsSaid adds an export on a link that carries no frames.
func TestWaitingIsSaid(t *testing.T) {
	r := startServer(t)
	r.engine.set(func() { r.engine.down = []string{"eth0: the interface is gone"} })
	a := r.mustAdd(newExport(t, 9, 0))
	if want := []string{"e9.0: eth0: the interface is gone; waiting for the link"}; !reflect.DeepEqual(a.Warnings, want) {
		t.Errorf("the warnings are %q; want %q", a.Warnings, want)
	}
}

// TestStatusOfMany has a server of 1,000 exports, whose figures are as long as can be,
// answer at once.
func TestStatusOfMany(t *testing.T) {
	r := startServer(t)
	const many = 1000
	full := measured()
	e := full.Exports[0]
	e.Reads, e.ReadBytes, e.Writes, e.WriteBytes, e.Flushes = math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64, math.MaxUint64
	for f := range e.Errors {
		e.Errors[f] = math.MaxUint64
	}
	for i := range many {
		export := newExport(t, uint16(i/100), uint8(i%100))
		r.mustAdd(export)
		export.Disk.Close()
		e.Shelf, e.Slot = export.Shelf, export.Slot
		full.Exports = append(full.Exports, e)
	}
	r.engine.set(func() { r.engine.stats = full })
	began := time.Now()
	a, err := r.Status("")
	if err != nil || len(a.Exports) != many || a.Exports[many-1].Name != fmt.Sprintf("e%d.99", many/100-1) || a.Exports[many-1].Figures == nil {
		t.Fatalf("%d exports, %v", len(a.Exports), err)
	}
	t.Logf("%d bytes in %v", len(a.JSON), time.Since(began))
	if n := len(a.JSON); n > maxReply/8 {
		t.Errorf("%d bytes", n)
	}
}

// TestUsersGone asks for an export that the engine has just removed.
func TestUsersGone(t *testing.T) {
	r := startServer(t)
	r.engine.set(func() { r.engine.stats = measured() })
	r.mustAdd(newExport(t, 9, 0))
	a, err := r.Status("e9.0")
	if err != nil || a.Exports[0].Figures == nil || a.Exports[0].Users != nil {
		t.Errorf("%+v, %v", a, err)
	}
}
