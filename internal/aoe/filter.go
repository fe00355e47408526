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

// filterBegin returns the beginning of a target's filter. What is no AoE frame
// does not pass, and of replies only those that a target makes itself known by
// (section 4): one of our address is a rival. Requests go on behind it, with as
// few instructions as if there were no replies.
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

// RequestFilter appends to program the socket filter of a target: AoE requests
// to its shelf and slot, or to every one (section 7), from the sources in
// masks, or where that is empty from all; and what filterBegin passes. It
// allocates nothing where program has room for MaxFilter instructions.
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
	// A jump reaches no more than 255 instructions: each mask passes the frame
	// by itself. Most differ in their last bytes: others cost one instruction.
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

// load is the instruction that loads size bytes of the frame, 1, 2 or 4. With
// those Assemble does not fail.
func load(off uint32, size int) bpf.RawInstruction {
	raw, _ := bpf.LoadAbsolute{Off: off, Size: size}.Assemble()
	return raw
}

// jump is the instruction that skips some where what was loaded is so.
func jump(cond bpf.JumpTest, value uint32, skip uint8) bpf.RawInstruction {
	raw, _ := bpf.JumpIf{Cond: cond, Val: value, SkipTrue: skip}.Assemble()
	return raw
}

// pass is the instruction that lets so many bytes of the frame pass.
func pass(n uint32) bpf.RawInstruction {
	raw, _ := bpf.RetConstant{Val: n}.Assemble()
	return raw
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
