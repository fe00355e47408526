// SPDX-License-Identifier: GPL-2.0-only

package aoe_test

import (
	"bytes"
	"encoding/hex"
	"math/rand/v2"
	"testing"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
	"vblade/internal/frametest"
)

// machine returns a virtual machine that runs an assembled filter.
func machine(t *testing.T, raw []bpf.RawInstruction, err error) *bpf.VM {
	t.Helper()
	if err != nil {
		t.Fatalf("assemble: %v", err)
	}
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

// passes tells whether a filter lets all of a frame pass; a part of it must not.
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
			frames = append(frames, c.Reply)
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

// TestRequestFilter runs the target's filter on every frame: EtherType AoE, R
// clear, shelf ours or 0xffff, slot ours or 0xff (section 7).
func TestRequestFilter(t *testing.T) {
	for _, own := range []struct {
		shelf uint16
		slot  uint8
	}{
		{frametest.Shelf, frametest.Slot}, {0, 0}, {0x0109, 0x05}, {0x010a, 0x04}, {0xfffe, 0xfe},
	} {
		raw, err := aoe.RequestFilter(own.shelf, own.slot)
		vm := machine(t, raw, err)
		passed := 0
		for _, f := range everyFrame() {
			want := len(f) >= 19 && f[12] == 0x88 && f[13] == 0xa2 && f[14]&0x08 == 0 &&
				(f[16] == byte(own.shelf>>8) && f[17] == byte(own.shelf) || f[16] == 0xff && f[17] == 0xff) &&
				(f[18] == own.slot || f[18] == 0xff)
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

// TestReplyFilter runs the initiator's filter on every frame: EtherType AoE, R
// set, to our own address or to every station.
func TestReplyFilter(t *testing.T) {
	for _, own := range []aoe.MAC{frametest.Initiator, frametest.Friend, {1, 2, 3, 4, 5, 6}} {
		raw, err := aoe.ReplyFilter(own)
		vm := machine(t, raw, err)
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
