// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"fmt"
	"strings"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// MaxMasks is the most MACs that a mask list holds (difference 6).
const MaxMasks = 128

// What every vblade says about itself in IDENTIFY (section 3). Initiators tell
// the level of compatibility by it.
const (
	firmware  = "V25"
	model     = "Coraid EtherDrive vblade"
	serialLen = 19 // of a serial number of our making
)

// MaxSerial is the longest serial number.
const MaxSerial = 20

// CheckSerial says what is wrong with a serial number; the empty one is none.
func CheckSerial(s string) error {
	switch {
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("serial number %q has characters that are not printable ASCII; leave them out", s)
	case len(s) > MaxSerial:
		return fmt.Errorf("serial number %q has %d characters; give at most %d", s, len(s), MaxSerial)
	case strings.TrimSpace(s) != s:
		return fmt.Errorf("serial number %q begins or ends with a space, which IDENTIFY cannot tell; leave it out", s)
	}
	return nil
}

// Config is what an export is made of, besides its disk.
type Config struct {
	Shelf   uint16
	Slot    uint8
	Buffers uint16    // how many requests the config reply says we queue
	Masks   []aoe.MAC // the only sources served, at most MaxMasks; if empty, all are
	Serial  string    // in IDENTIFY; if empty, it is made from the address and Host
	Host    string    // the host's name
	Label   string    // what people call the disk, such as the path of its file
	Kept    *State    // the state that was kept; nil if changes are not kept
}

// Blade is one export: a disk and the state that AoE gives it.
type Blade struct {
	shelf   uint16
	slot    uint8
	buffers uint16
	disk    *ata.Disk
	label   string

	state State  // in force
	next  *State // the state after a change that has to be kept first; nil if changes are not kept
}

// New returns a blade that exports store.
func New(store ata.Store, cfg Config) *Blade {
	b := &Blade{
		shelf:   cfg.Shelf,
		slot:    cfg.Slot,
		buffers: cfg.Buffers,
		disk: ata.NewDisk(store, ata.Identity{
			Serial:   cfg.serial(),
			Firmware: firmware,
			Model:    model,
		}),
		label: cfg.Label,
	}
	if cfg.Kept != nil {
		b.state, b.next = *cfg.Kept, new(State)
	}
	if !b.state.masked {
		b.state.masks = macList{}
		b.state.masks.addAll(cfg.Masks)
	}
	return b
}

// serial returns the serial number.
func (cfg Config) serial() string {
	if cfg.Serial != "" {
		return cfg.Serial
	}
	s := fmt.Sprintf("%d.%d:%s", cfg.Shelf, cfg.Slot, cfg.Host)
	return s[:min(len(s), serialLen)]
}

// Name returns what initiators call the blade, such as e9.0.
func (b *Blade) Name() string { return aoe.Address{Shelf: b.shelf, Slot: b.slot}.String() }

// Shelf returns the blade's shelf.
func (b *Blade) Shelf() uint16 { return b.shelf }

// Slot returns the blade's slot.
func (b *Blade) Slot() uint8 { return b.slot }

// Disk returns the disk that the blade exports.
func (b *Blade) Disk() *ata.Disk { return b.disk }

// Label returns what people call the disk; it may be empty.
func (b *Blade) Label() string { return b.label }

// ConfigString returns the config string, which the caller must not change.
func (b *Blade) ConfigString() []byte { return b.state.Config() }

// Masks returns the only sources that the blade serves; if there are none it
// serves all. The caller must not change them.
func (b *Blade) Masks() []aoe.MAC { return b.state.Masks() }

// Reservation returns the MACs that the blade is reserved for. The caller must
// not change them.
func (b *Blade) Reservation() []aoe.MAC { return b.state.Reservation() }

// AnswersTo reports whether a frame's shelf and slot address this blade.
func (b *Blade) AnswersTo(f aoe.Frame) bool {
	return (f.Shelf() == b.shelf || f.Shelf() == aoe.EveryShelf) &&
		(f.Slot() == b.slot || f.Slot() == aoe.EverySlot)
}

// Admits reports whether the blade serves a source (section 1).
func (b *Blade) Admits(src aoe.MAC) bool { return b.state.masks.n == 0 || b.state.masks.has(src) }

// Accept processes a request that AnswersTo and Admits let pass as far as
// possible without the disk: it makes the reply, decides that there is none, or
// sets the Work that has to be done before Complete. It leaves a request alone
// that would change the State of a blade whose State is kept, and sets Proposes.
func (b *Blade) Accept(r *Request) {
	r.Blade = b
	f := r.Frame
	switch command := f.Command(); {
	case command == aoe.CommandATA && len(f) >= aoe.ATALen:
		b.acceptATA(r)
	case command == aoe.CommandConfig && len(f) >= aoe.ConfigLen:
		b.acceptConfig(r)
	case command == aoe.CommandMask && len(f) >= aoe.MaskLen:
		b.acceptMask(r)
	case command == aoe.CommandReserve && len(f) >= aoe.ReserveLen:
		b.acceptReserve(r)
	case command > aoe.CommandReserve:
		if len(f) > r.room {
			r.refuse()
			return
		}
		r.fail(aoe.ErrCommand)
		r.answer(len(f))
	}
}
