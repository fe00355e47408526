// SPDX-License-Identifier: GPL-2.0-only

package aoe

// ReserveLen is the length of a reserve/release frame before its MACs
// (section 6), in bytes.
const ReserveLen = 26

// MaxReservations is the longest reservation: the count has one byte.
const MaxReservations = 255

// ReserveOp is the subcommand of a reserve/release frame.
type ReserveOp uint8

// The reserve/release subcommands.
const (
	ReserveRead     ReserveOp = 0
	ReserveSet      ReserveOp = 1
	ReserveForceSet ReserveOp = 2
)

// Offsets in a reserve/release frame.
//
//	 24      25      26
//	+-------+-------+---- count MACs
//	| rcmd  | count |
//	+-------+-------+----
const (
	offReserveOp    = 24
	offReserveCount = 25
)

// ReserveOp returns the subcommand.
func (f Frame) ReserveOp() ReserveOp { return ReserveOp(f[offReserveOp]) }

// ReserveCount returns the number of MACs, as the sender gave it: the frame
// may hold fewer.
func (f Frame) ReserveCount() int { return int(f[offReserveCount]) }

// HoldsReservation reports whether the frame is as long as its MAC count
// says.
func (f Frame) HoldsReservation() bool {
	return len(f) >= ReserveLen+f.ReserveCount()*MACLen
}

// ReserveMAC returns address i of the list, which the frame holds.
func (f Frame) ReserveMAC(i int) MAC { return MAC(f[ReserveLen+i*MACLen:]) }

// SetReserveRequest writes the fields of a request and returns its length.
func (f Frame) SetReserveRequest(op ReserveOp, list []MAC) int {
	f[offReserveOp] = byte(op)
	return f.SetReserveReply(list)
}

// SetReserveReply writes the list in force and returns the frame's length. The
// frame has room for the list.
func (f Frame) SetReserveReply(list []MAC) int {
	f[offReserveCount] = byte(len(list))
	n := ReserveLen
	for i := range list {
		n += copy(f[n:], list[i][:])
	}
	return n
}
