// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/statefile"
)

// Export is what a server serves under an address.
type Export struct {
	Shelf    uint16
	Slot     uint8
	Links    []string  // names of interfaces, each once
	HWAddr   []aoe.MAC // addresses of its own, one for each of Links; empty for those of the links
	Filename string    // as the process that opened it sees it; to be shown, never opened
	Conf     string    // the path of the conf file that it is from; empty for none
	File     ata.Options
	Buffers  uint16 // advertised
	Masks    []aoe.MAC
	Serial   string        // in IDENTIFY; empty for one made of the address and the host's name
	FailStop bool          // it is withdrawn once its disk is gone or broken
	Announce time.Duration // advertised again and again, so often; 0 for at the start only
	Disk     *ata.File
	State    *statefile.File // where what initiators set is kept; nil where it is not

	Exclusive bool // it is not served where another target has its address already

	remark string // a remark for the client that has added it; may be empty
}

// Address returns the export's address.
func (e *Export) Address() aoe.Address { return aoe.Address{Shelf: e.Shelf, Slot: e.Slot} }

// Name is the address as initiators write it, such as e9.0.
func (e *Export) Name() string { return e.Address().String() }

// sectors returns the size of the export.
func (e *Export) sectors() int64 { return e.Disk.Size() / ata.SectorSize }

// same reports whether e and other export the same file in the same way. The name
// that the file was opened by, and the conf file, do not matter.
func (e *Export) same(other *Export) bool {
	options, others := e.File, other.File
	options.Writers, others.Writers = 0, 0
	options.Force, others.Force = false, false // which matters only for opening
	return e.Address() == other.Address() &&
		slices.Equal(e.paths(), other.paths()) &&
		e.Disk.SameFile(other.Disk) && options == others &&
		e.Buffers == other.Buffers && e.Serial == other.Serial &&
		e.FailStop == other.FailStop && e.Exclusive == other.Exclusive && e.Announce == other.Announce &&
		sameMasks(e.Masks, other.Masks) && e.sameState(other)
}

// paths returns the links, with the export's address on each, in sorted order.
func (e *Export) paths() []string {
	links := slices.Clone(e.Links)
	for i, m := range e.HWAddr {
		links[i] += " " + hex.EncodeToString(m[:])
	}
	slices.Sort(links)
	return links
}

// sameMasks reports whether two lists have the same MACs.
func sameMasks(a, b []aoe.MAC) bool {
	lacks := func(list []aoe.MAC) func(aoe.MAC) bool {
		return func(m aoe.MAC) bool { return !slices.Contains(list, m) }
	}
	return len(a) == len(b) && !slices.ContainsFunc(a, lacks(b)) && !slices.ContainsFunc(b, lacks(a))
}

// describe describes the export for logs and refusals.
func (e *Export) describe() string {
	mode := "O_RDWR"
	if e.File.ReadOnly {
		mode = "O_RDONLY"
	}
	text := fmt.Sprintf("%s on %s, %d sectors %s", e.Filename, strings.Join(e.Links, ","), e.sectors(), mode)
	if e.Announce > 0 {
		text += fmt.Sprintf(", announced every %v", e.Announce)
	}
	if e.Conf != "" {
		text += ", by " + e.Conf
	}
	return text
}
