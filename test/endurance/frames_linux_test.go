// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// canary stands in many frames where a peer may write what it likes: no log may
// repeat it.
const canary = "\x1b[2Jcanary"

// overlong is how many bytes more than the MTU allows a wire lets through: as
// much as a VLAN tag has.
const overlong = 4

// mangler makes hostile frames: those of the table, addressed to a real target,
// cut, extended, spliced and damaged.
type mangler struct {
	rng   *rand.Rand
	seeds [][]byte
	dst   aoe.MAC
	room  int // the longest frame that arrives, in bytes
}

// newMangler returns a mangler of frames to dst on a link of the given MTU.
func newMangler(seed uint64, dst aoe.MAC, mtu int) *mangler {
	m := &mangler{rng: rand.New(rand.NewPCG(seed, 1)), dst: dst, room: aoe.EthernetHeaderLen + mtu + overlong}
	for _, c := range frametest.All() {
		for _, f := range c.Frames() {
			if len(f) >= aoe.EthernetHeaderLen && len(f) <= m.room {
				m.seeds = append(m.seeds, f)
			}
		}
	}
	return m
}

// percent is true n times of a hundred.
func (m *mangler) percent(n int) bool { return m.rng.IntN(100) < n }

// frame makes the next frame. None names those whom the mask list holds from the
// start: the list is full soon, and whom one of them took out could not come back.
func (m *mangler) frame(admitted ...aoe.MAC) aoe.Frame {
	for {
		f := aoe.Frame(slices.Clone(m.seeds[m.rng.IntN(len(m.seeds))]))
		copy(f, m.dst[:])
		for range m.rng.IntN(3) {
			f = m.mangle(f)
		}
		names := func(mac aoe.MAC) bool { return bytes.Contains(f[min(len(f), aoe.HeaderLen):], mac[:]) }
		if !slices.ContainsFunc(admitted, names) {
			return f
		}
	}
}

// mangle does one evil thing to a frame.
func (m *mangler) mangle(f aoe.Frame) aoe.Frame {
	switch m.rng.IntN(6) {
	case 0: // cut, often where the fields are
		most := len(f)
		if m.percent(60) {
			most = min(most, aoe.MinLen+4)
		}
		return f[:aoe.EthernetHeaderLen+m.rng.IntN(most-aoe.EthernetHeaderLen+1)]
	case 1: // extend
		n := m.rng.IntN(m.room - len(f) + 1)
		return append(f, bytes.Repeat([]byte(canary), n/len(canary)+1)[:n]...)
	case 2: // go on as another
		other := m.seeds[m.rng.IntN(len(m.seeds))]
		at := m.rng.IntN(min(len(f), len(other)))
		return append(f[:at:at], other[at:]...)
	case 3: // say something of one's own
		if len(f) > aoe.HeaderLen {
			copy(f[aoe.HeaderLen+m.rng.IntN(len(f)-aoe.HeaderLen):], canary)
		}
	default: // damage, mostly where the fields are
		for range 1 + m.rng.IntN(4) {
			at := m.rng.IntN(len(f))
			if m.percent(80) {
				at = m.rng.IntN(min(len(f), 48))
			}
			f[at] ^= 1 << m.rng.IntN(8)
		}
	}
	return f
}
