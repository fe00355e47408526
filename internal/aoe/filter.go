// SPDX-License-Identifier: GPL-2.0-only

package aoe

import (
	"encoding/binary"

	"golang.org/x/net/bpf"
)

// wholeFrame is the number of bytes that a filter lets pass: all of them.
const wholeFrame = 0xffffffff

// MaxFilter is the most instructions of a request filter with n masks.
func MaxFilter(n int) int { return 19 + 5*n }

// filterHead is the number of instructions of filterBegin.
const filterHead = 10

// filterBegin returns the beginning of a target's filter. It drops frames that
// are not AoE, and every reply except advertisements (section 4), which tell of
// rivals. Requests go on to the instructions that follow, after as few of these
// as if there were no replies.
func filterBegin() [filterHead]bpf.RawInstruction {
	return [...]bpf.RawInstruction{
		load(offEtherType, 2),
		jump(bpf.JumpNotEqual, uint32(EtherType), 7),
		load(offVersion, 1),
		jump(bpf.JumpBitsNotSet, uint32(FlagResponse), 6),
		load(offDst, 4),
		jump(bpf.JumpNotEqual, 0xffffffff, 3), // broadcast
		load(offCommand, 1),
		jump(bpf.JumpNotEqual, uint32(CommandConfig), 1),
		pass(wholeFrame),
		pass(0),
	}
}

// RequestFilter appends to program the socket filter of a target. It passes
// what filterBegin passes, and AoE requests to its shelf and slot, or to
// broadcast ones (section 7), from the sources in masks, or from all if masks
// is empty. It allocates nothing if program has room for MaxFilter
// instructions.
func RequestFilter(program []bpf.RawInstruction, shelf uint16, slot uint8, masks []MAC) []bpf.RawInstruction {
	begin := filterBegin()
	program = append(program, begin[:]...)
	program = append(program,
		load(offShelf, 2),
		jump(bpf.JumpEqual, uint32(shelf), 1),
		jump(bpf.JumpNotEqual, uint32(EveryShelf), 3),
		load(offSlot, 1),
		jump(bpf.JumpEqual, uint32(slot), 2),
		jump(bpf.JumpEqual, uint32(EverySlot), 1),
		pass(0),
	)
	if len(masks) == 0 {
		return append(program, pass(wholeFrame))
	}
	// A jump reaches at most 255 instructions, so each mask has its own
	// instruction that passes the frame. The last bytes are compared first,
	// because most masks differ there: a mask that does not match then costs
	// one instruction.
	const head, tail = offSrc, offSrc + 2
	program = append(program, load(tail, 4))
	for _, m := range masks {
		program = append(program,
			jump(bpf.JumpNotEqual, binary.BigEndian.Uint32(m[2:]), 4),
			load(head, 2),
			jump(bpf.JumpNotEqual, uint32(binary.BigEndian.Uint16(m[:])), 1),
			pass(wholeFrame),
			load(tail, 4),
		)
	}
	return append(program, pass(0))
}

// load is the instruction that loads 1, 2 or 4 bytes of the frame. Assemble
// does not fail for these sizes.
func load(off uint32, size int) bpf.RawInstruction {
	raw, _ := bpf.LoadAbsolute{Off: off, Size: size}.Assemble()
	return raw
}

// jump is the instruction that skips some others if a comparison of the
// loaded value is true.
func jump(cond bpf.JumpTest, value uint32, skip uint8) bpf.RawInstruction {
	raw, _ := bpf.JumpIf{Cond: cond, Val: value, SkipTrue: skip}.Assemble()
	return raw
}

// pass is the instruction that passes the first bytes of the frame.
func pass(n uint32) bpf.RawInstruction {
	raw, _ := bpf.RetConstant{Val: n}.Assemble()
	return raw
}

// ReplyFilter returns the socket filter of an initiator. It passes AoE
// replies to its address and to the broadcast address.
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
