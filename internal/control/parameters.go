// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// parameters is an Export without its disk, as it is written in JSON.
type parameters struct {
	Shelf    uint16   `json:"shelf"`
	Slot     uint8    `json:"slot"`
	Links    []string `json:"links"`
	HWAddr   []string `json:"hwaddr,omitempty"`
	Filename string   `json:"filename"`
	Conf     string   `json:"conf,omitempty"`
	Offset   int64    `json:"offset"` // in sectors, as the length
	Length   int64    `json:"length"`
	ReadOnly bool     `json:"readOnly"`
	Direct   bool     `json:"direct"`
	Sync     bool     `json:"sync"`
	Buffers  uint16   `json:"buffers"`
	Masks    []string `json:"masks"`
	Serial   string   `json:"serial,omitempty"`
	FailStop bool     `json:"failStop,omitempty"`

	Exclusive bool       `json:"exclusive,omitempty"`
	StateFile *stateFile `json:"stateFile,omitempty"`
	Announce  int64      `json:"announce,omitempty"` // in seconds
}

// parameters returns e without its disk. The number of descriptors is not a
// parameter.
func (e *Export) parameters() *parameters {
	p := &parameters{
		Shelf: e.Shelf, Slot: e.Slot, Links: e.Links, HWAddr: encodeMACs(e.HWAddr),
		Filename: e.Filename, Conf: e.Conf,
		Offset: e.File.Offset, Length: e.File.Length,
		ReadOnly: e.File.ReadOnly, Direct: e.File.Direct, Sync: e.File.Sync,
		Buffers: e.Buffers, Masks: encodeMACs(e.Masks), Serial: e.Serial,
		FailStop: e.FailStop, Exclusive: e.Exclusive, Announce: int64(e.Announce / time.Second),
	}
	if e.State != nil {
		p.StateFile = &stateFile{Path: e.State.Path(), ID: e.State.ID()}
	}
	return p
}

// Encode writes e without its disk, for Decode.
func (e *Export) Encode() ([]byte, error) { return json.Marshal(e.parameters()) }

// Decode makes an Export from what Encode has written and the descriptors of its
// disk. It owns these, and closes them if it fails.
func Decode(encoded []byte, files []*os.File) (*Export, error) {
	p := new(parameters)
	if err := decode(encoded, p); err != nil {
		closeAll(files)
		return nil, err
	}
	return p.open(files)
}

// open makes an Export from the parameters and the descriptors of its disk. It
// owns these, and closes them if it fails.
func (p *parameters) open(files []*os.File) (*Export, error) {
	e, err := p.export()
	if err != nil {
		closeAll(files)
		return nil, err
	}
	if files, err = p.openState(e, files); err != nil {
		closeAll(files)
		return nil, err
	}
	if e.Disk, err = ata.FromDescriptors(e.Filename, e.File, files); err != nil {
		if e.State != nil {
			e.State.Close()
		}
		return nil, err
	}
	return e, nil
}

// export checks the parameters and returns the Export, still without its disk.
func (p *parameters) export() (*Export, error) {
	e := &Export{
		Shelf: p.Shelf, Slot: p.Slot, Links: p.Links,
		Filename: p.Filename, Conf: p.Conf,
		Buffers: p.Buffers, Serial: p.Serial,
		FailStop: p.FailStop, Exclusive: p.Exclusive,
		File: ata.Options{Offset: p.Offset, Length: p.Length, ReadOnly: p.ReadOnly, Direct: p.Direct, Sync: p.Sync},
	}
	if p.Announce < 0 || p.Announce > maxAnnounce {
		return nil, fmt.Errorf("announced every %d seconds; give 0 for never, up to %d", p.Announce, maxAnnounce)
	}
	e.Announce = time.Duration(p.Announce) * time.Second
	var err error
	if e.Masks, err = decodeMACs(p.Masks, "mask"); err != nil {
		return nil, err
	}
	if e.HWAddr, err = decodeMACs(p.HWAddr, "hwaddr"); err != nil {
		return nil, err
	}
	return e, e.Check()
}

// address returns the export's address.
func (p *parameters) address() aoe.Address { return aoe.Address{Shelf: p.Shelf, Slot: p.Slot} }

// encodeMACs writes MACs in 12 hexadecimal digits each.
func encodeMACs(macs []aoe.MAC) []string {
	texts := make([]string, len(macs))
	for i, m := range macs {
		texts[i] = hex.EncodeToString(m[:])
	}
	return texts
}

// decodeMACs reads MACs in the form of encodeMACs; what is for the error.
func decodeMACs(texts []string, what string) ([]aoe.MAC, error) {
	var macs []aoe.MAC
	for _, s := range texts {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != aoe.MACLen {
			return nil, fmt.Errorf("%s %q is no MAC of 12 hexadecimal digits", what, s)
		}
		macs = append(macs, aoe.MAC(b))
	}
	return macs, nil
}
