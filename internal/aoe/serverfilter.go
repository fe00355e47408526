// SPDX-License-Identifier: GPL-2.0-only

package aoe

import "golang.org/x/net/bpf"

// Target is a target whose requests a filter lets pass.
type Target struct {
	Shelf uint16
	Slot  uint8
	Masks []MAC
}

// ServerFilter appends the filter of targets.
func ServerFilter(program []bpf.RawInstruction, targets []Target) []bpf.RawInstruction {
	if len(targets) == 1 {
		return RequestFilter(program, targets[0].Shelf, targets[0].Slot, targets[0].Masks)
	}
	return append(program,
		load(offEtherType, 2),
		jump(bpf.JumpNotEqual, uint32(EtherType), 3),
		load(offVersion, 1),
		jump(bpf.JumpBitsSet, uint32(FlagResponse), 1),
		pass(wholeFrame), pass(0))
}

// MaxServerFilter is the most instructions.
func MaxServerFilter(targets, masks int) int { return min(4096, 32+10*targets+5*masks) }
