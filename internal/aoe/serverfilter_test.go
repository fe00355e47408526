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
