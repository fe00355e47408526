// SPDX-License-Identifier: GPL-2.0-only

package aoe_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// TestServerFilterLimit has filters too long for the limit: first the longest
// lists go, then the slots, then all.
func TestServerFilterLimit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	few := farm(r, 20, 10)
	for i := range few {
		few[i].Masks = []aoe.MAC{station(i)}
	}
	few[0].Masks = crowd(100)
	whole := aoe.ServerFilter(nil, few)
	check(t, whole, few, shots(r, few, 5000), true)
	for limit := len(whole); limit >= aoe.ShortestFilter; limit-- {
		raw := aoe.ServerFilterWithin(nil, few, limit)
		if len(raw) > limit {
			t.Fatalf("%d instructions, limit %d", len(raw), limit)
		}
		vm := machine(t, raw)
		for _, f := range shots(r, few, 200) {
			if judge(f, few).admits && !passes(t, vm, f) {
				t.Fatalf("limit %d: a request does not pass:\n%s", limit, hex.Dump(f))
			}
		}
	}
	raw := aoe.ServerFilterWithin(nil, few, len(whole)-1)
	vm := machine(t, raw)
	short, long := few[1], few[0]
	for _, f := range few {
		if len(f.Masks) == 100 {
			long = f
		} else {
			short = f
		}
	}
	if !passes(t, vm, requestTo(long.Shelf, long.Slot, station(44))) {
		t.Error("the longest list is checked though it does not fit")
	}
	if passes(t, vm, requestTo(short.Shelf, short.Slot, station(44))) {
		t.Error("a short list is not checked though it fits")
	}
}

// TestServerFilterMany has more targets than the filter can tell apart.
func TestServerFilterMany(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, c := range []struct {
		n, slots int
		level    string // what the filter tells apart
	}{
		{4000, 255, "shelves"}, {60000, 255, "shelves"}, {4000, 1, "nothing"},
	} {
		targets := farm(r, c.n, c.slots)
		raw := aoe.ServerFilter(nil, targets)
		t.Logf("%d targets: %d instructions", c.n, len(raw))
		if len(raw) > aoe.FilterLimit {
			t.Fatalf("%d instructions, limit %d", len(raw), aoe.FilterLimit)
		}
		vm := machine(t, raw)
		shelves := map[uint16]bool{0xffff: true}
		for _, k := range targets {
			shelves[k.Shelf] = true
		}
		for _, f := range shots(r, targets, 500) {
			if len(f) < 19 {
				continue
			}
			want := announces(f) || aoe.Frame(f).EtherType() == aoe.EtherType && !aoe.Frame(f).Has(aoe.FlagResponse) &&
				(c.level == "nothing" || shelves[binary.BigEndian.Uint16(f[16:])])
			if got := passes(t, vm, f); got != want {
				t.Fatalf("%d targets: passes is %v, want %v:\n%s", c.n, got, want, hex.Dump(f))
			}
		}
	}
}

// TestServerFilterCost counts the instructions that a frame to one of 1,000
// targets takes.
func TestServerFilterCost(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	targets := farm(r, 1000, 50)
	raw := aoe.ServerFilter(nil, targets)
	most := 0
	for _, k := range targets {
		most = max(most, cost(raw, requestTo(k.Shelf, k.Slot, station(1))))
	}
	t.Logf("%d instructions, at most %d for a frame", len(raw), most)
	if most > 32 {
		t.Errorf("a frame takes %d instructions, want at most 32", most)
	}
}

// cost counts the instructions that a filter takes for a frame which it passes:
// the longest beginning of the way that leads to it.
func cost(raw []bpf.RawInstruction, f []byte) int {
	var a uint32
	for i, n := 0, 1; ; i, n = i+1, n+1 {
		switch in := raw[i].Disassemble().(type) {
		case bpf.LoadAbsolute:
			a = 0
			for _, b := range f[in.Off : in.Off+uint32(in.Size)] {
				a = a<<8 | uint32(b)
			}
		case bpf.ALUOpConstant:
			a &= in.Val
		case bpf.Jump:
			i += int(in.Skip)
		case bpf.RetConstant:
			return n
		case bpf.JumpIf:
			taken := map[bpf.JumpTest]bool{
				bpf.JumpEqual: a == in.Val, bpf.JumpNotEqual: a != in.Val, bpf.JumpGreaterOrEqual: a >= in.Val,
				bpf.JumpLessThan: a < in.Val, bpf.JumpBitsSet: a&in.Val != 0, bpf.JumpBitsNotSet: a&in.Val == 0,
			}[in.Cond]
			if taken {
				i += int(in.SkipTrue)
			} else {
				i += int(in.SkipFalse)
			}
		default:
			panic(fmt.Sprintf("instruction %v", in))
		}
	}
}

// TestServerFilterOne sees that the filter of one target is the shortest one.
func TestServerFilterOne(t *testing.T) {
	for _, masks := range [][]aoe.MAC{nil, crowd(1), crowd(128)} {
		want := aoe.RequestFilter(nil, frametest.Shelf, frametest.Slot, masks)
		got := aoe.ServerFilter(nil, []aoe.Target{{Shelf: frametest.Shelf, Slot: frametest.Slot, Masks: masks}})
		if !slices.Equal(got, want) {
			t.Errorf("with %d masks: %v, want %v", len(masks), got, want)
		}
	}
}

// TestServerFilterFits makes filters in memory that is there already, behind
// what is in it.
func TestServerFilterFits(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, n := range []int{0, 1, 2, 10, 100, 1000, 4000} {
		for _, masked := range []bool{false, true} {
			targets, masks := farm(r, n, 20), 0
			for i := range targets {
				if masked {
					targets[i].Masks = crowd(1 + i%40)
					masks += 1 + i%40
				}
			}
			program := make([]bpf.RawInstruction, 1, 1+aoe.MaxServerFilter(n, masks))
			got := program
			allocations := testing.AllocsPerRun(3, func() { got = aoe.ServerFilter(program, targets) })
			if allocations > 0 || len(got) > cap(program) {
				t.Errorf("%d targets with %d masks: %d instructions, of %d, and %v allocations",
					n, masks, len(got), cap(program), allocations)
			}
			if n <= 1000 {
				check(t, got[1:], targets, shots(r, targets, 100), n < 100 && !masked)
			}
		}
	}
}
