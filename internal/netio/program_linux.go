// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// MaxFilter is the most instructions of a filter program.
const MaxFilter = 4096 - guardLength

// guardLength is the most instructions of a guard.
const guardLength = 9

// vlanID is the part of a VLAN tag that identifies the VLAN. With 0 the tag only
// gives the frame a priority.
const vlanID = 0xfff

// guarded returns the filter program that passes what program passes, but only of
// frames that are for this station and its LAN: those to the interface's address
// or to a group, without a VLAN tag; with foreign also those to other stations.
// An empty program passes all of them whole. The jumps of a program are relative,
// so it may be appended to another.
//
// The kernel removes the tag of a VLAN that it does not know, and marks the frame
// as another station's, before this socket sees it. The first instructions refuse
// such frames. For VLANs that it does know, see origin.
func guarded(program []bpf.RawInstruction, foreign bool) ([]bpf.RawInstruction, error) {
	last := uint32(unix.PACKET_MULTICAST) // of the packet types that are for us
	if foreign {
		last = unix.PACKET_OTHERHOST
	}
	guard := []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: last, SkipTrue: 5},
		bpf.LoadExtension{Num: bpf.ExtVLANTagPresent},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 4},
		bpf.LoadExtension{Num: bpf.ExtVLANTag},
		bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: vlanID},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
	}
	if len(program) == 0 {
		guard = append(guard, bpf.RetConstant{Val: wholeFrame})
	} else {
		guard = append(guard, bpf.LoadConstant{Dst: bpf.RegA, Val: 0}) // as a program expects it
	}
	raw, err := bpf.Assemble(guard)
	return append(raw, program...), err
}
