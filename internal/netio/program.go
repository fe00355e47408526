// SPDX-License-Identifier: GPL-2.0-only

package netio

import "golang.org/x/net/bpf"

// wholeFrame is the number of bytes that a filter lets pass: all of them.
const wholeFrame = 0xffffffff

// ofType returns the filter program that passes what program passes, but only of
// one EtherType. An empty program passes every frame whole. It is for systems
// whose descriptors receive all types. The jumps of a program are relative, so it
// may be appended to another.
func ofType(etherType uint16, program []bpf.RawInstruction) ([]bpf.RawInstruction, error) {
	own := []bpf.Instruction{
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(etherType), SkipTrue: 1},
		bpf.RetConstant{Val: 0},
	}
	if len(program) == 0 {
		own = append(own, bpf.RetConstant{Val: wholeFrame})
	}
	raw, err := bpf.Assemble(own)
	return append(raw, program...), err
}
