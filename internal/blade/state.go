// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"errors"
	"fmt"

	"vblade/internal/aoe"
)

// State is what initiators have set on a blade. Its size is fixed. The zero value
// means that they have set nothing.
type State struct {
	n           int // bytes of the config string
	config      [aoe.MaxConfigString]byte
	masked      bool // the masks are those of initiators, not those that the blade was made with
	masks       macList
	reservation macList
}

// NewState returns a state with these parts. masked says whether the masks were
// set by initiators, and not when the blade was made. Its error says which part
// is invalid.
func NewState(config []byte, masked bool, masks, reservation []aoe.MAC) (*State, error) {
	switch {
	case len(config) > aoe.MaxConfigString:
		return nil, fmt.Errorf("a config string of %d bytes", len(config))
	case len(masks) > MaxMasks:
		return nil, fmt.Errorf("%d masks", len(masks))
	case len(reservation) > aoe.MaxReservations:
		return nil, fmt.Errorf("a reservation for %d MACs", len(reservation))
	case !masked && len(masks) > 0:
		return nil, errors.New("masks that nobody has set")
	}
	s := &State{masked: masked}
	s.setConfig(config)
	s.masks.addAll(masks)
	for _, m := range reservation {
		s.reservation.add(m)
	}
	return s, nil
}

// Config returns the config string, which the caller must not change.
func (s *State) Config() []byte { return s.config[:s.n] }

// Masked reports whether initiators have set the masks.
func (s *State) Masked() bool { return s.masked }

// Masks returns the masks, which the caller must not change.
func (s *State) Masks() []aoe.MAC { return s.masks.all() }

// Reservation returns the MACs that the blade is reserved for, which the caller
// must not change.
func (s *State) Reservation() []aoe.MAC { return s.reservation.all() }

// DropMasks makes a blade with this state use the masks that it is made with.
func (s *State) DropMasks() { s.masked, s.masks = false, macList{} }

// setConfig replaces the config string.
func (s *State) setConfig(config []byte) { s.n = copy(s.config[:], config) }

// setMasks replaces the masks by those of an initiator.
func (s *State) setMasks(masks macList) { s.masked, s.masks = true, masks }

// draft returns the state that a request may change to make its proposal, or nil
// if the change takes effect at once. The frame remains unchanged.
func (b *Blade) draft(r *Request) *State {
	if b.next == nil || r.Kept {
		return nil
	}
	*b.next = b.state
	r.Proposes, r.Settles = true, false
	return b.next
}

// Proposed returns the state after the change of the last request with Proposes.
// It is valid until the next such request, and the caller must not change it.
func (b *Blade) Proposed() *State { return b.next }

// Refuse answers a request with Proposes whose change cannot be kept. It changes
// nothing.
func (b *Blade) Refuse(r *Request) {
	r.Proposes = false
	r.fail(aoe.ErrDevice)
	switch r.Frame.Command() {
	case aoe.CommandConfig:
		if aoe.ConfigLen+len(b.state.Config()) > r.room {
			r.refuse()
			return
		}
		r.answer(b.putConfig(r.Buf, r.wire))
	case aoe.CommandMask:
		r.answer(aoe.MaskLen)
	case aoe.CommandReserve:
		r.Settles = true // like every reply with the reservation
		b.answerReservation(r)
	}
}
