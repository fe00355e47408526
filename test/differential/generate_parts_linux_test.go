// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"vblade/internal/aoe"
)

// initiator returns the address of initiator i. No two bytes of it are alike in
// all of them: what moves a list by a byte shows.
func initiator(i int) aoe.MAC {
	return aoe.MAC{byte(2 + 4*i), 0x10, byte(i), 0x20, byte(0x30 + i), byte(i + 1)}
}

// initiators is how many there are; where -m names nearly as many, some more.
const initiators = 5

// percent is true n times of a hundred.
func (g *generator) percent(n int) bool { return g.rng.IntN(100) < n }

// between returns a number from least to most.
func (g *generator) between(least, most int) int {
	if most <= least {
		return least
	}
	return least + g.rng.IntN(most-least+1)
}

// oneOf returns one of a list.
func oneOf[T any](g *generator, list ...T) T { return list[g.rng.IntN(len(list))] }

// bytes returns n random bytes.
func (g *generator) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(g.rng.Uint32())
	}
	return b
}

// mac returns an address: mostly one of the initiators'.
func (g *generator) mac() aoe.MAC {
	switch n := g.rng.IntN(100); {
	case n < 92:
		return initiator(g.rng.IntN(max(initiators, g.model.leg.masks+4)))
	case n < 94:
		return aoe.Broadcast
	case n < 95:
		return target
	default:
		return aoe.MAC(g.bytes(aoe.MACLen))
	}
}

// station returns an address of all stations or of some. There are no frames to
// others: only the C program takes those (difference 16).
func (g *generator) station() aoe.MAC {
	if g.percent(50) {
		return aoe.Broadcast
	}
	m := aoe.MAC(g.bytes(aoe.MACLen))
	m[0] |= 1
	return m
}

// sender returns a source address: mostly one that the masks admit.
func (g *generator) sender() aoe.MAC {
	if m := g.model.masks; len(m) > 0 && g.percent(85) {
		return oneOf(g, m...)
	}
	return g.mac()
}

// frame makes a frame of n bytes with its header; what no field covers is zero,
// or now and then is not.
func (g *generator) frame(c aoe.Command, n int) aoe.Frame {
	f := make(aoe.Frame, n)
	if g.percent(15) {
		copy(f, g.bytes(n))
	}
	f.SetDst(target)
	if g.percent(10) {
		f.SetDst(g.station())
	}
	f.SetSrc(g.sender())
	f.SetHeader(aoe.Version, 0, c)
	if g.percent(10) {
		// Any version, any flags; the R flag keeps its fair share.
		f.SetHeader(uint8(g.rng.IntN(16)), aoe.Flag(g.rng.IntN(16)), c)
	}
	if g.percent(5) {
		f[15] = byte(g.rng.Uint32()) // the error field
	}
	g.address(f)
	return f
}

// address writes shelf and slot.
func (g *generator) address(f aoe.Frame) {
	f.SetTarget(shelf, slot)
	if g.percent(15) {
		f.SetTarget(
			oneOf(g, shelf, aoe.EveryShelf, aoe.EveryShelf, shelf+1, shelf<<8, 0, 0xff00|shelf),
			oneOf(g, slot, aoe.EverySlot, aoe.EverySlot, slot+1, 0))
	}
}

// unknown makes a frame of a command that does not exist.
func (g *generator) unknown() aoe.Frame {
	c := aoe.Command(g.between(4, 255))
	n := g.between(aoe.HeaderLen, 100)
	switch k := g.rng.IntN(100); {
	case k < 15:
		n = g.between(aoe.HeaderLen, g.model.leg.room())
	case k < 25:
		n = g.model.leg.room() + g.between(-overlong, overlong)
	}
	f := g.frame(c, n)
	copy(f[aoe.HeaderLen:], g.bytes(n))
	return f
}

// sweep makes one frame of every kind, cut at every length, on and on.
func (g *generator) sweep() []func() aoe.Frame {
	const longest = aoe.MinLen + 4
	var queue []func() aoe.Frame
	for n := aoe.EthernetHeaderLen; n <= longest; n++ {
		for _, kind := range sweepKinds {
			queue = append(queue, func() aoe.Frame {
				f := make(aoe.Frame, longest)
				f.SetDst(target)
				f.SetSrc(initiator(0))
				f.SetTarget(shelf, slot)
				kind(f)
				return f[:n]
			})
		}
	}
	return queue
}

// sweepKinds write the fields of a frame of every kind.
var sweepKinds = []func(f aoe.Frame){
	func(f aoe.Frame) { f.SetHeader(aoe.Version, 0, 200) },
	func(f aoe.Frame) { setATA(f, 0, 0x20, 1, 7) },
	func(f aoe.Frame) { setATA(f, aoe.ATAWrite, 0x30, 1, 7) },
	func(f aoe.Frame) { setATA(f, aoe.ATAWrite, 0x30, 0, 7) },
	func(f aoe.Frame) { setATA(f, 0, 0x20, 1, fileSectors) },
	func(f aoe.Frame) { setATA(f, 0, 0xe7, 0, 0) },
	func(f aoe.Frame) { setATA(f, 0, 0xe5, 0, 0) },
	func(f aoe.Frame) { setATA(f, 0, 0xec, 1, 0) },
	func(f aoe.Frame) { setATA(f, aoe.ATAWrite, 0xec, 1, 0) },
	func(f aoe.Frame) { setATA(f, 0, 0x90, 1, 0) },
	func(f aoe.Frame) { setConfig(f, aoe.ConfigRead, "") },
	func(f aoe.Frame) { setConfig(f, aoe.ConfigForceSet, "sweep") },
	func(f aoe.Frame) { setConfig(f, aoe.ConfigTest, "sweep") },
	func(f aoe.Frame) { setMasks(f, aoe.MaskRead) },
	func(f aoe.Frame) { setMasks(f, aoe.MaskEdit, initiator(0)) },
	func(f aoe.Frame) { setReservation(f, aoe.ReserveRead) },
	func(f aoe.Frame) { setReservation(f, aoe.ReserveForceSet, initiator(0), initiator(1)) },
}
