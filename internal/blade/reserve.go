// SPDX-License-Identifier: GPL-2.0-only

package blade

import "vblade/internal/aoe"

// reservedAgainst tells whether a reservation keeps a source out.
func (b *Blade) reservedAgainst(src aoe.MAC) bool {
	return b.reservation.n > 0 && !b.reservation.has(src)
}

// acceptReserve answers a reserve/release command (section 6).
func (b *Blade) acceptReserve(r *request) {
	f := r.frame
	switch op := f.ReserveOp(); {
	case op == aoe.ReserveRead:
	case op > aoe.ReserveForceSet || !f.HoldsReservation():
		f.Fail(aoe.ErrArgument)
	case op == aoe.ReserveSet && b.reservedAgainst(f.Src()):
		f.Fail(aoe.ErrReserved)
	default:
		b.reserve(r)
	}
	r.answer(aoe.Frame(r.buf).SetReserveReply(b.reservation.all()))
}

// reserve replaces the reservation by the frame's list, unless the reply could
// not be sent (difference 9). Once it is answered, no write of another takes
// effect any more.
func (b *Blade) reserve(r *request) {
	f := r.frame
	if aoe.ReserveLen+f.ReserveCount()*aoe.MACLen > r.room {
		f.Fail(aoe.ErrArgument)
		return
	}
	r.settles = true
	b.reservation.n = 0
	for i := range f.ReserveCount() {
		b.reservation.add(f.ReserveMAC(i))
	}
}
