// SPDX-License-Identifier: GPL-2.0-only

package aoe_test

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// machine returns a virtual machine that runs an assembled filter.
func machine(t *testing.T, raw []bpf.RawInstruction) *bpf.VM {
	t.Helper()
	program, whole := bpf.Disassemble(raw)
	if !whole {
		t.Fatal("the filter has instructions that are none")
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

// passes reports whether a filter lets all of a frame pass; a part of it must
// not.
func passes(t *testing.T, vm *bpf.VM, f []byte) bool {
	t.Helper()
	n, err := vm.Run(f)
	if err != nil {
		t.Fatal(err)
	}
	if n > 0 && n < len(f) {
		t.Fatalf("%d of %d bytes pass:\n%s", n, len(f), hex.Dump(f))
	}
	return n > 0
}

// everyFrame returns the frames of the table, requests and replies, every
// beginning of one of them, and frames with bytes that are the table's but for
// one.
func everyFrame() [][]byte {
	var frames [][]byte
	for _, c := range frametest.All() {
		frames = append(frames, c.Frames()...)
		if c.Reply != nil {
			toAll := bytes.Clone(c.Reply)
			copy(toAll, aoe.Broadcast[:])
			frames = append(frames, c.Reply, toAll)
		}
	}
	first := frames[2]
	for n := 1; n < len(first); n++ {
		frames = append(frames, first[:n])
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20000 {
		f := bytes.Clone(first)
		f[random.IntN(24)] = byte(random.IntN(256))
		frames = append(frames, f)
	}
	return frames
}

// announces reports whether a frame is a config reply to all: by it a target
// makes itself known (section 4), and every filter of a target passes it.
func announces(f []byte) bool {
	return len(f) >= 20 && f[12] == 0x88 && f[13] == 0xa2 && f[14]&0x08 != 0 && f[19] == 1 &&
		f[0] == 0xff && f[1] == 0xff && f[2] == 0xff && f[3] == 0xff
}

// addressed reports whether a filter of a target has to pass a frame,
// whoever sent it: EtherType AoE, R clear, shelf ours or 0xffff, slot ours
// or 0xff (section 7).
func addressed(f []byte, shelf uint16, slot uint8) bool {
	return len(f) >= 19 && f[12] == 0x88 && f[13] == 0xa2 && f[14]&0x08 == 0 &&
		(f[16] == byte(shelf>>8) && f[17] == byte(shelf) || f[16] == 0xff && f[17] == 0xff) &&
		(f[18] == slot || f[18] == 0xff)
}

// TestRequestFilter runs the target's filter without masks on every frame.
func TestRequestFilter(t *testing.T) {
	for _, own := range []struct {
		shelf uint16
		slot  uint8
	}{
		{frametest.Shelf, frametest.Slot}, {0, 0}, {0x0109, 0x05}, {0x010a, 0x04}, {0xfffe, 0xfe},
	} {
		vm := machine(t, aoe.RequestFilter(nil, own.shelf, own.slot, nil))
		passed := 0
		for _, f := range everyFrame() {
			want := addressed(f, own.shelf, own.slot) || announces(f)
			if got := passes(t, vm, f); got != want {
				t.Fatalf("filter of e%d.%d: passes is %v, want %v:\n%s", own.shelf, own.slot, got, want, hex.Dump(f))
			}
			if want {
				passed++
			}
		}
		if passed == 0 {
			t.Errorf("no frame is for e%d.%d", own.shelf, own.slot)
		}
	}
}

// crowd returns n masks that differ in one byte or another, and that none of the
// table's stations has.
func crowd(n int) []aoe.MAC {
	masks := make([]aoe.MAC, n)
	for i := range masks {
		masks[i] = frametest.Initiator
		masks[i][i%aoe.MACLen] += byte(1 + i/aoe.MACLen)
	}
	return masks
}

// TestRequestFilterMasks runs the target's filter on every frame, with masks
// that hold none, one or several of the sources, and those alone that are
// nearly theirs.
func TestRequestFilterMasks(t *testing.T) {
	for name, masks := range map[string][]aoe.MAC{
		"one":            {frametest.Initiator},
		"two":            {frametest.Friend, frametest.Initiator},
		"none of these":  {frametest.Target},
		"nearly":         crowd(12),
		"a full list":    append(crowd(127), frametest.Friend),
		"full, at first": append([]aoe.MAC{frametest.Friend, frametest.Initiator}, crowd(126)...),
	} {
		t.Run(name, func(t *testing.T) {
			vm := machine(t, aoe.RequestFilter(nil, frametest.Shelf, frametest.Slot, masks))
			frames := everyFrame()
			for _, m := range crowd(128) { // from each of the crowd, and from those that are nearly of it
				f := bytes.Clone(frames[2])
				copy(f[6:], m[:])
				frames = append(frames, f)
				for i := range 6 {
					f = bytes.Clone(f)
					f[6+i] ^= 0x80
					frames = append(frames, f)
				}
			}
			for _, f := range frames {
				want := announces(f) || addressed(f, frametest.Shelf, frametest.Slot) && slices.Contains(masks, aoe.Frame(f).Src())
				if got := passes(t, vm, f); got != want {
					t.Fatalf("passes is %v, want %v:\n%s", got, want, hex.Dump(f))
				}
			}
		})
	}
}

// TestRequestFilterFits makes filters in memory that is there already.
func TestRequestFilterFits(t *testing.T) {
	for _, n := range []int{0, 1, 128} {
		masks := crowd(n)
		program := make([]bpf.RawInstruction, 0, aoe.MaxFilter(n))
		got := program
		allocations := testing.AllocsPerRun(10, func() {
			got = aoe.RequestFilter(program, frametest.Shelf, frametest.Slot, masks)
		})
		if allocations > 0 || len(got) > cap(program) {
			t.Errorf("a filter with %d masks has %d instructions, of %d, and %v allocations", n, len(got), cap(program), allocations)
		}
	}
}

// TestReplyFilter runs the initiator's filter on every frame: EtherType AoE, R
// set, to our own address or to every station.
func TestReplyFilter(t *testing.T) {
	for _, own := range []aoe.MAC{frametest.Initiator, frametest.Friend, {1, 2, 3, 4, 5, 6}} {
		raw, err := aoe.ReplyFilter(own)
		if err != nil {
			t.Fatalf("assemble: %v", err)
		}
		vm := machine(t, raw)
		frames := everyFrame()
		for i := range 7 { // to us, and to addresses that are not quite ours
			f := bytes.Clone(frametest.All()[1].Reply)
			copy(f, own[:])
			if i < 6 {
				f[i] ^= 0x10
			}
			frames = append(frames, f)
		}
		broadcast := bytes.Clone(frametest.All()[1].Reply)
		copy(broadcast, aoe.Broadcast[:])
		frames = append(frames, broadcast)
		for _, f := range frames {
			want := len(f) >= 15 && f[12] == 0x88 && f[13] == 0xa2 && f[14]&0x08 != 0 &&
				(bytes.Equal(f[:6], own[:]) || bytes.Equal(f[:6], bytes.Repeat([]byte{0xff}, 6)))
			if got := passes(t, vm, f); got != want {
				t.Fatalf("filter of %x: passes is %v, want %v:\n%s", own, got, want, hex.Dump(f))
			}
		}
	}
}
