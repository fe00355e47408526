// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"testing"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// runProgram runs a filter program on a frame.
func runProgram(t *testing.T, raw []bpf.RawInstruction, frame []byte) int {
	t.Helper()
	program, whole := bpf.Disassemble(raw)
	vm, err := bpf.NewVM(program)
	if err != nil || !whole {
		t.Fatalf("the program is none: %v", err)
	}
	n, err := vm.Run(frame)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// everyFrame returns the frames of the table and, of each, copies with another
// EtherType and of no more than the Ethernet header's length.
func everyFrame() [][]byte {
	var frames [][]byte
	for _, c := range frametest.All() {
		for _, f := range append(c.Frames(), c.Reply) {
			if len(f) < 15 {
				continue
			}
			for _, at := range []int{12, 13} {
				other := append([]byte(nil), f...)
				other[at] ^= 0x10
				frames = append(frames, other)
			}
			frames = append(frames, f, f[:14], f[:13], f[:6])
		}
	}
	return frames
}

// TestOfType runs programs on every frame of the table: those of the type pass as
// the program behind says, with none all of them, and no others.
func TestOfType(t *testing.T) {
	ours, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 16, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(frametest.Shelf), SkipFalse: 1},
		bpf.RetConstant{Val: 0xffffffff},
		bpf.RetConstant{Val: 0},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name      string
		etherType uint16
		program   []bpf.RawInstruction
	}{
		{"a shelf's", uint16(aoe.EtherType), ours},
		{"none", uint16(aoe.EtherType), nil},
		{"none, of another type", 0x98a2, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			raw, err := ofType(c.etherType, c.program)
			if err != nil {
				t.Fatal(err)
			}
			passed := 0
			for _, f := range everyFrame() {
				want := 0
				if len(f) >= 14 && int(f[12])<<8|int(f[13]) == int(c.etherType) {
					want = len(f)
					if c.program != nil {
						want = min(want, runProgram(t, c.program, f))
					}
				}
				if got := min(len(f), runProgram(t, raw, f)); got != want {
					t.Fatalf("%d bytes pass of % x; want %d", got, f, want)
				}
				passed += want
			}
			if passed == 0 {
				t.Error("no frame passes")
			}
		})
	}
}

// TestOfTypeKeeps checks that a program is not written to, which its owner may
// use again.
func TestOfTypeKeeps(t *testing.T) {
	program := make([]bpf.RawInstruction, 1, 8)
	program[0] = bpf.RawInstruction{Op: 6, K: 60} // ret #60
	first, err := ofType(1, program)
	if err != nil {
		t.Fatal(err)
	}
	second, err := ofType(2, program)
	if err != nil {
		t.Fatal(err)
	}
	if program[0] != (bpf.RawInstruction{Op: 6, K: 60}) || first[1].K != 1 || second[1].K != 2 {
		t.Errorf("the program is %v now, and those made of it %v and %v", program, first, second)
	}
}
