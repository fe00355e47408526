// SPDX-License-Identifier: GPL-2.0-only

package aoe

// Lengths in a MAC mask frame (section 5), in bytes.
const (
	MaskLen      = 28 // before the directives
	DirectiveLen = 8
)

// MaskOp is the subcommand of a MAC mask frame.
type MaskOp uint8

// The MAC mask subcommands.
const (
	MaskRead MaskOp = 0
	MaskEdit MaskOp = 1
)

// MaskError says why an edit stopped.
type MaskError uint8

// The MAC mask errors of AoEr11.
const (
	MaskOK           MaskError = 0
	MaskErrUnknown   MaskError = 1 // unspecified
	MaskErrDirective MaskError = 2 // bad directive command
	MaskErrFull      MaskError = 3 // the list is full
)

// DirectiveOp is what a directive asks for.
type DirectiveOp uint8

// The directives.
const (
	DirectiveNone   DirectiveOp = 0
	DirectiveAdd    DirectiveOp = 1
	DirectiveDelete DirectiveOp = 2
)

// Offsets in a MAC mask frame, and in a directive.
//
//	 24     25      26      27       28
//	+------+-------+-------+--------+---- directives: 0 | op | MAC
//	|   0  | mcmd  | error | count  |
//	+------+-------+-------+--------+----
const (
	offMaskOp    = 25
	offMaskError = 26
	offMaskCount = 27

	offDirectiveOp  = 1
	offDirectiveMAC = 2
)

// MaskOp returns the subcommand.
func (f Frame) MaskOp() MaskOp { return MaskOp(f[offMaskOp]) }

// MaskError returns a reply's error.
func (f Frame) MaskError() MaskError { return MaskError(f[offMaskError]) }

// MaskCount returns the number of directives, as the sender gave it: the frame
// may hold fewer.
func (f Frame) MaskCount() int { return int(f[offMaskCount]) }

// HoldsDirectives reports whether the frame is as long as its directive count
// says.
func (f Frame) HoldsDirectives() bool {
	return len(f) >= MaskLen+f.MaskCount()*DirectiveLen
}

// Directive returns directive i, which the frame holds.
func (f Frame) Directive(i int) (DirectiveOp, MAC) {
	d := f[MaskLen+i*DirectiveLen:]
	return DirectiveOp(d[offDirectiveOp]), MAC(d[offDirectiveMAC:])
}

// SetDirective writes directive i.
func (f Frame) SetDirective(i int, op DirectiveOp, m MAC) {
	d := f[MaskLen+i*DirectiveLen:]
	d[0] = 0
	d[offDirectiveOp] = byte(op)
	copy(d[offDirectiveMAC:], m[:])
}

// SetMaskRequest writes the fields of a request with room for count directives
// and returns its length.
func (f Frame) SetMaskRequest(op MaskOp, count int) int {
	f[offMaskOp-1], f[offMaskOp] = 0, byte(op)
	f.SetMaskResult(MaskOK, count)
	return MaskLen + count*DirectiveLen
}

// SetMaskResult writes a reply's error and count: of masks, or where an error
// is set, the index of the directive that failed.
func (f Frame) SetMaskResult(e MaskError, count int) {
	f[offMaskError] = byte(e)
	f[offMaskCount] = byte(count)
}
