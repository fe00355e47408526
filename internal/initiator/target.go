// SPDX-License-Identifier: GPL-2.0-only

package initiator

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// Target is an export on the LAN, as its config reply describes it.
type Target struct {
	Shelf    uint16
	Slot     uint8
	MAC      aoe.MAC
	Buffers  int // how many requests it says that it queues
	Sectors  int // the most in one frame, as far as the initiator's buffers hold them
	Firmware uint16
	Config   string // the config string
	Tag      uint32 // of the question that it answers

	initiator *Initiator
	window    int
}

// Name is what initiators call the target, such as e9.0.
func (t *Target) Name() string { return t.Address().String() }

// Address returns the target's address.
func (t *Target) Address() aoe.Address { return aoe.Address{Shelf: t.Shelf, Slot: t.Slot} }

// Initiator returns the initiator that found the target.
func (t *Target) Initiator() *Initiator { return t.initiator }

// SetWindow sets how many requests to keep outstanding. The default is as many as
// the target queues.
func (t *Target) SetWindow(n int) { t.window = max(1, n) }

// newTarget reads a config reply.
func (i *Initiator) newTarget(f aoe.Frame) (*Target, bool) {
	if len(f) < aoe.ConfigLen || f.Command() != aoe.CommandConfig {
		return nil, false
	}
	s, ok := f.ConfigString()
	if !ok {
		return nil, false
	}
	return &Target{
		Shelf:     f.Shelf(),
		Slot:      f.Slot(),
		MAC:       f.Src(),
		Buffers:   int(f.ConfigBuffers()),
		Sectors:   min(int(f.ConfigSectors()), (i.longest()-aoe.ATALen)/ata.SectorSize),
		Firmware:  f.ConfigFirmware(),
		Config:    string(s),
		Tag:       f.Tag(),
		initiator: i,
		window:    max(1, int(f.ConfigBuffers())),
	}, true
}

// query writes a broadcast config read for an address.
func query(f aoe.Frame, a aoe.Address) int {
	clear(f[:aoe.MinLen])
	f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	f.SetDst(aoe.Broadcast)
	f.SetTarget(a.Shelf, a.Slot)
	f.SetConfigRequest(aoe.ConfigRead, nil)
	return aoe.MinLen
}

// Find finds one target by its shelf and slot.
func (i *Initiator) Find(shelf uint16, slot uint8) (*Target, error) {
	var found *Target
	a := aoe.Address{Shelf: shelf, Slot: slot}
	err := i.Run(Exchange{
		Requests: 1,
		Window:   1,
		Build:    func(_ int, f aoe.Frame) int { return query(f, a) },
		Reply: func(_ int, f aoe.Frame, _ time.Duration) error {
			t, ok := i.newTarget(f)
			if !ok {
				return fmt.Errorf("%v: malformed config reply of %d bytes", a, len(f))
			}
			found = t
			return nil
		},
	})
	return found, err
}

// Discover asks every target on the LAN, and returns those that answer within a
// time, or the first so many of them.
func (i *Initiator) Discover(within time.Duration, enough int) ([]*Target, error) {
	return i.Ask(aoe.Address{Shelf: aoe.EveryShelf, Slot: aoe.EverySlot}, within, enough)
}

// Identity is what IDENTIFY DEVICE says about a disk (docs/protocol.md, section
// 3).
type Identity struct {
	Serial, Firmware, Model string
	Sectors                 int64 // of 512 bytes
	FlushExt                bool  // FLUSH CACHE EXT is supported
	Raw                     [ata.SectorSize]byte
}

// Identify runs IDENTIFY DEVICE.
func (t *Target) Identify() (Identity, error) {
	var id Identity
	err := t.single(ata.Identify, 1, func(f aoe.Frame) error {
		if len(f) < aoe.ATALen+ata.SectorSize {
			return fmt.Errorf("%s: IDENTIFY reply of only %d bytes", t.Name(), len(f))
		}
		copy(id.Raw[:], f[aoe.ATALen:])
		return nil
	})
	if err != nil {
		return id, err
	}
	b := id.Raw[:]
	id.Serial, id.Firmware, id.Model = ataString(b[20:40]), ataString(b[46:54]), ataString(b[54:94])
	var n [8]byte
	copy(n[:6], b[200:206])
	id.Sectors = int64(binary.LittleEndian.Uint64(n[:]))
	id.FlushExt = binary.LittleEndian.Uint16(b[166:])&(1<<13) != 0
	return id, nil
}

// ataString reads an ATA string: the two bytes of each word swapped, padded
// with spaces.
func ataString(b []byte) string {
	s := make([]byte, len(b))
	for i := range b {
		s[i] = b[i^1]
	}
	return string(bytes.TrimRight(s, " "))
}
