// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"encoding/binary"
	"slices"

	"vblade/internal/aoe"
)

// Case is a line of the table: a frame, the export that it is sent to, and the
// reply.
type Case struct {
	Name    string
	Export  Export
	Before  []Step // what brings the export into its state
	Request []byte
	Reply   []byte // none: the frame is not answered
	// HeaderOnly: the protocol determines only the header and the length of the
	// reply.
	HeaderOnly bool
}

// Export is what a case's frame is sent to. The zero Export is Sectors sectors
// without a fault, open to all, on a link of MTU 1500.
type Export struct {
	ReadOnly  bool
	BadSector int64     // cannot be read or written; 0 for none
	BadFlush  bool      // Sync fails
	Masks     []aoe.MAC // as given by -m
	MTU       int       // 0 for 1500
}

// Step is something that happens before a case's frame: a frame arrives, whose
// reply does not matter, or the link's MTU becomes another.
type Step struct {
	Frame []byte
	MTU   int
}

// What every export of the table calls itself and has.
const (
	Shelf    uint16 = 0x0109
	Slot     uint8  = 0x04
	Buffers  uint16 = 0x0110
	Hostname        = "frametest"
	Sectors         = 64
	ethernet        = 1500 // the usual MTU
)

// The stations of the table. Every mask list in it that is not empty holds
// Friend: a test can always ask on Friend's behalf.
var (
	Target    = aoe.MAC{0x02, 0x00, 0x00, 0x00, 0x01, 0x01}
	Initiator = aoe.MAC{0x02, 0x00, 0x00, 0x00, 0x02, 0x02}
	Friend    = aoe.MAC{0x02, 0x00, 0x00, 0x00, 0x03, 0x03}
	Stranger  = aoe.MAC{0x02, 0x00, 0x00, 0x00, 0x04, 0x04}
)

// All returns the whole table. The names in it are unique.
func All() []Case {
	return slices.Concat(
		headerCases, unknownCommands(), lengths(),
		readCases, wideReads(), writeCases, identifyCases(), powerCases, flushCases, unknownOpcodes(),
		reservedCases(), faultCases,
		configCases, configStrings(), unknownConfigs(),
		maskCases, maskLists(), maskedOut(), maskedEffects,
		reserveCases, reserveLists(),
		mtuCases,
	)
}

// LinkMTU returns the MTU, in bytes, that the export's link begins with.
func (e Export) LinkMTU() int {
	if e.MTU == 0 {
		return ethernet
	}
	return e.MTU
}

// OneBatch reports whether nothing but frames happens before the case's frame.
func (c Case) OneBatch() bool {
	return !slices.ContainsFunc(c.Before, func(s Step) bool { return s.Frame == nil })
}

// Frames returns the frames of the case in order, its own last.
func (c Case) Frames() [][]byte {
	var frames [][]byte
	for _, s := range c.Before {
		if s.Frame != nil {
			frames = append(frames, s.Frame)
		}
	}
	return append(frames, c.Request)
}

// Tag is the tag of every case's frame; those sent before have others.
const Tag = 0xc0ffee11

// sent returns the steps in which frames arrive.
func sent(frames ...[]byte) []Step {
	steps := make([]Step, len(frames))
	for i, f := range frames {
		steps[i].Frame = f
	}
	return then(steps)
}

// mtu returns the step in which the MTU becomes n bytes.
func mtu(n int) []Step { return []Step{{MTU: n}} }

// then joins steps and gives every frame in them a tag of its own.
func then(steps ...[]Step) []Step {
	all := slices.Concat(steps...)
	for i := range all {
		if all[i].Frame != nil {
			all[i].Frame = slices.Clone(all[i].Frame)
			binary.BigEndian.PutUint32(all[i].Frame[20:], 0xbef00000+uint32(i))
		}
	}
	return all
}
