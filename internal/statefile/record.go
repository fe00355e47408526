// SPDX-License-Identifier: GPL-2.0-only

package statefile

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"vblade/internal/aoe"
	"vblade/internal/blade"
)

// Sizes in bytes.
const (
	RecordSize = 4096
	Size       = 2 * RecordSize // of the file
)

// magic begins every record.
const magic = "vblade state 1\x00\x00"

// Where the fields of a record begin.
const (
	offGeneration  = 16
	offShelf       = 24
	offSlot        = 26
	offMasked      = 27
	offConfigLen   = 28
	offMasks       = 30
	offReservation = 31
	offLists       = 32
	offSum         = RecordSize - sha256.Size
)

// A record holds the longest state.
const _ = uint(offSum - offLists - aoe.MaxConfigString - (blade.MaxMasks+aoe.MaxReservations)*aoe.MACLen)

// encode returns the record of a state.
func encode(a aoe.Address, generation uint64, s *blade.State) []byte {
	var masks []aoe.MAC // only those that initiators have set are kept
	b := make([]byte, RecordSize)
	if s.Masked() {
		masks, b[offMasked] = s.Masks(), 1
	}
	copy(b, magic)
	binary.BigEndian.PutUint64(b[offGeneration:], generation)
	binary.BigEndian.PutUint16(b[offShelf:], a.Shelf)
	b[offSlot] = a.Slot
	binary.BigEndian.PutUint16(b[offConfigLen:], uint16(len(s.Config())))
	b[offMasks], b[offReservation] = byte(len(masks)), byte(len(s.Reservation()))
	at := offLists + copy(b[offLists:], s.Config())
	for _, list := range [][]aoe.MAC{masks, s.Reservation()} {
		for _, m := range list {
			at += copy(b[at:], m[:])
		}
	}
	sum := sha256.Sum256(b[:offSum])
	copy(b[offSum:], sum[:])
	return b
}

// Why decode refuses a record.
var (
	errForeign = errors.New("it is no state of vblade")
	errTorn    = errors.New("it is not whole")
)

// decode returns the state in a record and its generation.
func decode(b []byte, a aoe.Address) (*blade.State, uint64, error) {
	sum := sha256.Sum256(b[:offSum])
	switch {
	case !bytes.HasPrefix(b, []byte(magic)):
		return nil, 0, errForeign
	case !bytes.Equal(sum[:], b[offSum:]):
		return nil, 0, errTorn
	}
	if of := (aoe.Address{Shelf: binary.BigEndian.Uint16(b[offShelf:]), Slot: b[offSlot]}); of != a {
		return nil, 0, fmt.Errorf("it is the state of %v", of)
	}
	n := int(binary.BigEndian.Uint16(b[offConfigLen:]))
	masks, reservation := int(b[offMasks]), int(b[offReservation])
	if offLists+n+(masks+reservation)*aoe.MACLen > offSum {
		return nil, 0, errForeign
	}
	lists := macs(b[offLists+n:], masks+reservation)
	s, err := blade.NewState(b[offLists:offLists+n], b[offMasked] == 1, lists[:masks], lists[masks:])
	if err != nil {
		return nil, 0, fmt.Errorf("it holds what no initiator can have set: %w", err)
	}
	return s, binary.BigEndian.Uint64(b[offGeneration:]), nil
}

// macs returns the n MACs that b begins with.
func macs(b []byte, n int) []aoe.MAC {
	list := make([]aoe.MAC, n)
	for i := range list {
		copy(list[i][:], b[i*aoe.MACLen:])
	}
	return list
}
