// SPDX-License-Identifier: GPL-2.0-only

package blade

import "vblade/internal/aoe"

// reservedAgainst tells whether a reservation keeps a source out.
func (b *Blade) reservedAgainst(src aoe.MAC) bool {
	return b.reservation.n > 0 && !b.reservation.has(src)
}

// acceptReserve answers a reserve/release command (section 6). Whatever it says,
// it tells who the target is reserved for: once it is sent, no write of another
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
		b.reserve(r)
	}
	if reservationLen(b.reservation.n) > r.room {
		r.refuse()
		return
	}
	r.answer(aoe.Frame(r.Buf).SetReserveReply(b.reservation.all()))
}

// reservationLen is the length of a reply that carries n MACs, in bytes.
func reservationLen(n int) int { return aoe.ReserveLen + n*aoe.MACLen }

// reserve replaces the reservation by the frame's list.
func (b *Blade) reserve(r *Request) {
	before := b.reservation
	b.reservation.n = 0
	for i := range r.Frame.ReserveCount() {
		b.reservation.add(r.Frame.ReserveMAC(i))
	}
	switch {
	case b.reservation.equals(&before):
	case before.n > 0 && !before.has(r.Frame.Src()):
		r.Changed = SeizedReservation
	default:
		r.Changed = ChangedReservation
	}
}
