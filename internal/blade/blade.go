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

// What every vblade calls itself in IDENTIFY (section 3): initiators know the
// level of compatibility by it.
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
	case len(s) > MaxSerial:
		return fmt.Errorf("serial number %q has %d characters; give %d at the most", s, len(s), MaxSerial)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }):
		return fmt.Errorf("serial number %q has characters that are not printable ASCII; leave them out", s)
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
	Masks   []aoe.MAC // the only sources served, MaxMasks at the most; none: all are
	Serial  string    // in IDENTIFY; empty for one made of the address and Host
	Host    string    // the host's name
	Label   string    // what people call the disk, such as the path of its file
	Kept    *State    // what was kept of the export; nil for one whose changes are not kept
}

// Blade is one export: a disk and the state that AoE gives it.
type Blade struct {
	shelf   uint16
	slot    uint8
	buffers uint16
	disk    *ata.Disk
	label   string

	state State  // in force
	next  *State // what a request would change it into; nil where changes are not kept
}

// New returns the blade that exports store.
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
func (b *Blade) Name() string { return fmt.Sprintf("e%d.%d", b.shelf, b.slot) }

// Shelf returns the blade's shelf.
func (b *Blade) Shelf() uint16 { return b.shelf }

// Slot returns the blade's slot.
func (b *Blade) Slot() uint8 { return b.slot }

// Disk returns the disk that the blade exports.
func (b *Blade) Disk() *ata.Disk { return b.disk }

// Label returns what people call the disk; empty where nobody has said that.
func (b *Blade) Label() string { return b.label }

// ConfigString returns the config string. It is the blade's own.
func (b *Blade) ConfigString() []byte { return b.state.Config() }

// Masks returns the only sources that the blade serves; none: it serves all.
// They are the blade's own.
func (b *Blade) Masks() []aoe.MAC { return b.state.Masks() }

// Reservation returns those that the blade is reserved for. They are the
// blade's own.
func (b *Blade) Reservation() []aoe.MAC { return b.state.Reservation() }

// AnswersTo tells whether a frame's shelf and slot mean this blade.
func (b *Blade) AnswersTo(f aoe.Frame) bool {
	return (f.Shelf() == b.shelf || f.Shelf() == aoe.EveryShelf) &&
		(f.Slot() == b.slot || f.Slot() == aoe.EverySlot)
}

// Admits tells whether the blade serves a source (section 1).
func (b *Blade) Admits(src aoe.MAC) bool { return b.state.masks.n == 0 || b.state.masks.has(src) }

// Accept takes a request that AnswersTo and Admits let through as far as it goes
// without the disk's work: to its reply, to none, or to the Work that Complete
// needs done. One that would change the State of a blade that keeps it is left as
// it is, and Proposes.
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
