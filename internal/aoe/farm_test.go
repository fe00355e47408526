// SPDX-License-Identifier: GPL-2.0-only

package aoe_test

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
)

// verdict is what the program may do with a frame.
type verdict struct {
	address bool // some target is addressed
	admits  bool // one of those admits the source
	any     bool // it is a broadcast, and the source in the list of any target
}

// judge is the definition of a server's filter.
func judge(f []byte, targets []aoe.Target) verdict {
	var v verdict
	if announces(f) {
		return verdict{address: true, admits: true}
	}
	if len(f) < 19 || f[12] != 0x88 || f[13] != 0xa2 || f[14]&0x08 != 0 {
		return v
	}
	shelf, slot, src := binary.BigEndian.Uint16(f[16:]), f[18], aoe.Frame(f).Src()
	listed := false
	for _, t := range targets {
		in := slices.Contains(t.Masks, src)
		listed = listed || in
		if (t.Shelf == shelf || shelf == 0xffff) && (t.Slot == slot || slot == 0xff) {
			v.address = true
			v.admits = v.admits || len(t.Masks) == 0 || in
		}
	}
	v.any = v.address && listed && (shelf == 0xffff || slot == 0xff)
	return v
}

// station returns one of a few sources.
func station(k int) aoe.MAC { return aoe.MAC{2, byte(k % 2), 0, byte(k % 3), 9, byte(k)} }

// stations returns n masks.
func stations(r *rand.Rand, n int) []aoe.MAC {
	var masks []aoe.MAC
	for range n {
		masks = append(masks, station(r.IntN(40)))
	}
	return masks
}

// farm returns n targets on shelves of so many slots, at random places.
func farm(r *rand.Rand, n, slots int) []aoe.Target {
	seen := map[uint32]bool{}
	var targets []aoe.Target
	for len(targets) < n {
		t := aoe.Target{Shelf: uint16(r.IntN(3 + 3*n/slots)), Slot: uint8(r.IntN(min(slots, 255)))}
		if r.IntN(50) == 0 {
			t.Shelf = 0xffff - uint16(1+r.IntN(3))
		}
		if key := uint32(t.Shelf)<<8 | uint32(t.Slot); !seen[key] {
			seen[key] = true
			targets = append(targets, t)
		}
	}
	return targets
}

// requestTo returns a request.
func requestTo(shelf uint16, slot uint8, src aoe.MAC) []byte {
	f := make([]byte, 60)
	f[12], f[13], f[14] = 0x88, 0xa2, 0x10
	copy(f[6:], src[:])
	binary.BigEndian.PutUint16(f[16:], shelf)
	f[18] = slot
	return f
}

// shots returns frames to the targets, to their neighbours, to all, and random
// ones, from a few sources.
func shots(r *rand.Rand, targets []aoe.Target, n int) [][]byte {
	var frames [][]byte
	for range n {
		t := aoe.Target{Shelf: uint16(r.Uint32()), Slot: uint8(r.Uint32())}
		if len(targets) > 0 && r.IntN(8) > 0 {
			t = targets[r.IntN(len(targets))]
		}
		t.Shelf += uint16(r.IntN(8)/6) - uint16(r.IntN(8)/7)
		t.Slot += uint8(r.IntN(8)/6) - uint8(r.IntN(8)/7)
		switch r.IntN(8) {
		case 0:
			t.Shelf = 0xffff
		case 1:
			t.Slot = 0xff
		case 2:
			t.Shelf, t.Slot = 0xffff, 0xff
		}
		f := requestTo(t.Shelf, t.Slot, station(r.IntN(45)))
		switch r.IntN(20) {
		case 0:
			f = f[:r.IntN(len(f))]
		case 1:
			f[12+r.IntN(3)] ^= 1 << r.IntN(8)
		case 2:
			f[6+r.IntN(6)] ^= 1 << r.IntN(8)
		}
		frames = append(frames, f)
	}
	return frames
}

// check runs a server's filter, which may check all masks or only some, on
// frames: it passes what a target admits, and nothing that is for none.
func check(t *testing.T, raw []bpf.RawInstruction, targets []aoe.Target, frames [][]byte, all bool) {
	t.Helper()
	vm := machine(t, raw)
	for _, f := range frames {
		v := judge(f, targets)
		got := passes(t, vm, f)
		if v.admits && !got || !v.address && got || all && got && !v.admits && !v.any {
			t.Fatalf("%d targets, %d instructions: passes is %v, want %+v:\n%s", len(targets), len(raw), got, v, hex.Dump(f))
		}
	}
}
