// SPDX-License-Identifier: GPL-2.0-only

package blade

import "vblade/internal/aoe"

// reservedAgainst reports whether the target is reserved for others than a
// source.
func (b *Blade) reservedAgainst(src aoe.MAC) bool {
	own := &b.state.reservation
	return own.n > 0 && !own.has(src)
}

// acceptReserve answers a reserve/release command (section 6). Every reply tells
// who the target is reserved for, and once it is sent, no write of another source
// takes effect any more.
func (b *Blade) acceptReserve(r *Request) {
	f := r.Frame
	r.Settles = true
	switch op := f.ReserveOp(); {
	case op == aoe.ReserveRead:
	case op == aoe.ReserveSet && b.reservedAgainst(f.Src()):
		r.fail(aoe.ErrReserved)
	case op > aoe.ReserveForceSet || !f.HoldsReservation() || reservationLen(f.ReserveCount()) > r.room:
		r.fail(aoe.ErrArgument)
	default:
		if !b.reserve(r) {
			return
		}
	}
	b.answerReservation(r)
}

// answerReservation answers with the reservation in force.
func (b *Blade) answerReservation(r *Request) {
	own := b.state.Reservation()
	if reservationLen(len(own)) > r.room {
		r.refuse()
		return
	}
	r.answer(aoe.Frame(r.Buf).SetReserveReply(own))
}

// reservationLen is the length of a reply that carries n MACs, in bytes.
func reservationLen(n int) int { return aoe.ReserveLen + n*aoe.MACLen }

// reserve replaces the reservation with the frame's list. It returns false if it
// only proposes that.
func (b *Blade) reserve(r *Request) bool {
	own := &b.state.reservation
	var next macList
	for i := range r.Frame.ReserveCount() {
		next.add(r.Frame.ReserveMAC(i))
	}
	if next.equals(own) {
		return true
	}
	if draft := b.draft(r); draft != nil {
		draft.reservation = next
		return false
	}
	r.Changed = ChangedReservation
	if own.n > 0 && !own.has(r.Frame.Src()) {
		r.Changed = SeizedReservation
	}
	*own = next
	return true
}
