// SPDX-License-Identifier: GPL-2.0-only

package aoe

import (
	"encoding/binary"

	"golang.org/x/net/bpf"
)

// wholeFrame is the number of bytes that a filter lets pass: all of them.
const wholeFrame = 0xffffffff

// RequestFilter returns the socket filter of a target: AoE requests to its
// shelf and slot, or to every one (section 7).
func RequestFilter(shelf uint16, slot uint8) ([]bpf.RawInstruction, error) {
	return bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: offEtherType, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(EtherType), SkipTrue: 9},
		bpf.LoadAbsolute{Off: offVersion, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: uint32(FlagResponse), SkipTrue: 7},
		bpf.LoadAbsolute{Off: offShelf, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(shelf), SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(EveryShelf), SkipTrue: 4},
		bpf.LoadAbsolute{Off: offSlot, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(slot), SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(EverySlot), SkipTrue: 1},
		bpf.RetConstant{Val: wholeFrame},
		bpf.RetConstant{Val: 0},
	})
}

// ReplyFilter returns the socket filter of an initiator: AoE replies to its
// own address, and those sent to all.
func ReplyFilter(own MAC) ([]bpf.RawInstruction, error) {
	return bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: offEtherType, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(EtherType), SkipTrue: 8},
		bpf.LoadAbsolute{Off: offVersion, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: uint32(FlagResponse), SkipTrue: 6},
		bpf.LoadAbsolute{Off: offDst, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0xffffffff, SkipTrue: 3}, // broadcast
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: binary.BigEndian.Uint32(own[:]), SkipTrue: 3},
		bpf.LoadAbsolute{Off: offDst + 4, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(binary.BigEndian.Uint16(own[4:])), SkipTrue: 1},
		bpf.RetConstant{Val: wholeFrame},
		bpf.RetConstant{Val: 0},
	})
}
