// SPDX-License-Identifier: GPL-2.0-only

package aoe_test

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"vblade/internal/aoe"
)

// TestServerFilter runs the filters of farms of all sizes that fit, without
// masks, on frames to them and to others.
func TestServerFilter(t *testing.T) {
	frames := everyFrame()[:1000]
	for _, n := range []int{0, 1, 2, 3, 50, 127, 128, 129, 300, 1000} {
		for _, slots := range []int{1, 10, 255} {
			r := rand.New(rand.NewPCG(uint64(n), uint64(slots)))
			targets := farm(r, n, slots)
			raw := aoe.ServerFilter(nil, targets)
			t.Logf("%d targets, %d slots a shelf: %d instructions", n, slots, len(raw))
			if len(raw) > aoe.MaxServerFilter(n, 0) || len(raw) > aoe.FilterLimit {
				t.Errorf("%d targets: %d instructions, want at most %d", n, len(raw), aoe.MaxServerFilter(n, 0))
			}
			check(t, raw, targets, shots(r, targets, 2000), true)
			check(t, raw, targets, frames, true)
		}
	}
}

// TestServerFilterMasks does the same with masks: each target its own, all the
// same, a few lists among them, and targets without any between them.
func TestServerFilterMasks(t *testing.T) {
	for _, n := range []int{1, 2, 5, 20, 60} {
		for seed := range uint64(12) {
			r := rand.New(rand.NewPCG(seed, uint64(n)))
			targets := farm(r, n, []int{1, 10, 255}[seed%3])
			lists := [][]aoe.MAC{stations(r, 3), stations(r, 5), stations(r, 30)}
			for i := range targets {
				switch kind := seed / 3 % 4; {
				case kind == 0:
					targets[i].Masks = stations(r, 1+r.IntN(4))
				case kind == 1:
					targets[i].Masks = lists[0]
				case kind == 2 || r.IntN(2) == 0:
					targets[i].Masks = lists[r.IntN(3)]
				}
			}
			check(t, aoe.ServerFilter(nil, targets), targets, shots(r, targets, 2000), true)
		}
	}
}

// TestServerFilterExact sees that a broadcast, too, passes only from a source that
// a target it means admits, if those have one list.
func TestServerFilterExact(t *testing.T) {
	ours, theirs := station(1), station(2)
	targets := []aoe.Target{
		{Shelf: 1, Slot: 1, Masks: []aoe.MAC{ours}},
		{Shelf: 1, Slot: 2, Masks: []aoe.MAC{ours}},
		{Shelf: 2, Slot: 3, Masks: []aoe.MAC{theirs}},
		{Shelf: 3, Slot: 4},
	}
	vm := machine(t, aoe.ServerFilter(nil, targets))
	for _, c := range []struct {
		shelf        uint16
		slot         uint8
		ours, theirs bool
	}{
		{1, 1, true, false}, {2, 3, false, true}, {3, 4, true, true}, {1, 3, false, false},
		{1, 0xff, true, false}, {2, 0xff, false, true}, {0xffff, 1, true, false}, {0xffff, 3, false, true},
		{0xffff, 4, true, true}, {0xffff, 0xff, true, true}, {4, 0xff, false, false}, {0xffff, 5, false, false},
	} {
		if got := passes(t, vm, requestTo(c.shelf, c.slot, ours)); got != c.ours {
			t.Errorf("e%d.%d from ours: passes is %v, want %v", c.shelf, c.slot, got, c.ours)
		}
		if got := passes(t, vm, requestTo(c.shelf, c.slot, theirs)); got != c.theirs {
			t.Errorf("e%d.%d from theirs: passes is %v, want %v", c.shelf, c.slot, got, c.theirs)
		}
	}
}

// FuzzServerFilter runs the filters of targets that bytes name, of any limit, on
// frames to them and others.
func FuzzServerFilter(f *testing.F) {
	f.Add(uint16(100), uint64(1), []byte{0, 1, 1, 0, 0, 1, 2, 0})
	f.Add(uint16(4000), uint64(1), []byte{0, 1, 1, 1, 0, 1, 2, 2, 0xff, 0xfe, 3, 7})
	f.Fuzz(func(t *testing.T, limit uint16, seed uint64, b []byte) {
		r := rand.New(rand.NewPCG(seed, 1))
		var targets []aoe.Target
		seen := map[[3]byte]bool{}
		for ; len(b) >= 4; b = b[4:] {
			if seen[[3]byte(b)] {
				continue // an address has one target on a link
			}
			seen[[3]byte(b)] = true
			targets = append(targets, aoe.Target{
				Shelf: binary.BigEndian.Uint16(b), Slot: b[2],
				Masks: stations(rand.New(rand.NewPCG(uint64(b[3]), 2)), int(b[3]%8)),
			})
		}
		most := max(aoe.ShortestFilter, min(int(limit), aoe.FilterLimit))
		raw := aoe.ServerFilterWithin(nil, targets, most)
		if len(raw) > most {
			t.Fatalf("%d instructions, limit %d", len(raw), most)
		}
		vm := machine(t, raw)
		whole := len(aoe.ServerFilter(nil, targets)) <= most && len(targets) < 100
		for _, f := range shots(r, targets, 50) {
			v, got := judge(f, targets), passes(t, vm, f)
			if v.admits && !got || whole && got && !v.admits && !v.any {
				t.Fatalf("%+v, limit %d: passes is %v, want %+v:\n%s", targets, most, got, v, hex.Dump(f))
			}
		}
	})
}
