// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"errors"
	"fmt"

	"vblade/internal/aoe"
)

// State is what initiators have set of a blade. Its size is fixed, and its zero
// value is that of a blade of which they have set nothing.
type State struct {
	n           int // bytes of the config string
	config      [aoe.MaxConfigString]byte
	masked      bool // the masks are those of initiators, not the ones that the blade was made with
	masks       macList
	reservation macList
}

// NewState returns the state of these parts. masked tells that initiators have set
// the masks; the others are those that a blade is made with. Its error says which
// part no initiator can have set.
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

// Config returns the config string; it is the state's own.
func (s *State) Config() []byte { return s.config[:s.n] }

// Masked tells whether initiators have set the masks.
func (s *State) Masked() bool { return s.masked }

// Masks returns the masks; they are the state's own.
func (s *State) Masks() []aoe.MAC { return s.masks.all() }

// Reservation returns those that the blade is reserved for; they are the state's own.
func (s *State) Reservation() []aoe.MAC { return s.reservation.all() }

// DropMasks has a blade with this state use the masks that it is made with.
func (s *State) DropMasks() { s.masked, s.masks = false, macList{} }

// setConfig replaces the config string.
func (s *State) setConfig(config []byte) { s.n = copy(s.config[:], config) }

// setMasks replaces the masks by those of an initiator.
func (s *State) setMasks(masks macList) { s.masked, s.masks = true, masks }

// draft returns what the request may change into the state that it proposes; nil
// where the change takes effect at once. The frame is left as it is then.
func (b *Blade) draft(r *Request) *State {
	if b.next == nil || r.Kept {
		return nil
	}
	*b.next = b.state
	r.Proposes, r.Settles = true, false
	return b.next
}

// Proposed returns the state that the last request which Proposes would bring
// about. It is the blade's own, and stays until the next such request.
func (b *Blade) Proposed() *State { return b.next }

// Refuse answers a request that Proposes, of which the change cannot be kept: it
// changes nothing.
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
		r.Settles = true // as every reply that tells of the reservation
		b.answerReservation(r)
	}
}
