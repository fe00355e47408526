// SPDX-License-Identifier: GPL-2.0-only

package netio

import "golang.org/x/net/bpf"

// wholeFrame is the number of bytes that a filter lets pass: all of them.
const wholeFrame = 0xffffffff

// typeLength is how many instructions ofType adds to a program.
const typeLength = 3

// ofType returns the filter program that passes what program does, of one
// EtherType alone; an empty program passes every frame whole. It is for systems
// whose descriptors see all types. The jumps of a program are relative, so that
// it may stand behind another.
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
