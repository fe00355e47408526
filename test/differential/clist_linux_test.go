// SPDX-License-Identifier: GPL-2.0-only

package differential

import "vblade/internal/aoe"

// cMostMasks is the most MACs that the C program's mask list holds (difference 6).
const cMostMasks = 32

// cList is the C program's mask list as it behaves (difference 4): where n MACs
// are in it, it looks for one only among the first n/6, rounded up, and puts a
// new one right behind those it looked at.
type cList struct {
	n     int
	bytes [(cMostMasks + 1) * aoe.MACLen]byte
}

// newCList returns the C program's list of masks that are in order.
func newCList(masks []aoe.MAC) *cList {
	l := &cList{n: min(len(masks), cMostMasks)}
	for i := range l.n {
		copy(l.at(i), masks[i][:])
	}
	return l
}

// at returns the bytes of MAC i.
func (l *cList) at(i int) []byte { return l.bytes[i*aoe.MACLen : (i+1)*aoe.MACLen] }

// macs returns the MACs.
func (l *cList) macs() []aoe.MAC {
	list := make([]aoe.MAC, l.n)
	for i := range list {
		list[i] = aoe.MAC(l.at(i))
	}
	return list
}

// looked returns how many MACs the program looks at.
func (l *cList) looked() int { return (l.n + aoe.MACLen - 1) / aoe.MACLen }

// find returns where the program finds m, or -1.
func (l *cList) find(m aoe.MAC) int {
	for i := range l.looked() {
		if aoe.MAC(l.at(i)) == m {
			return i
		}
	}
	return -1
}

// add adds m; false: the list is full.
func (l *cList) add(m aoe.MAC) bool {
	if l.find(m) >= 0 {
		return true
	}
	if l.n >= cMostMasks {
		return false
	}
	copy(l.at(l.looked()), m[:])
	l.n++
	return true
}

// remove removes m: it moves too few bytes down; false: fewer than none, which
// ends the program.
func (l *cList) remove(m aoe.MAC) bool {
	i := l.find(m)
	if i < 0 {
		return true
	}
	moved := l.n - (i+1)*aoe.MACLen
	if moved < 0 {
		return false
	}
	copy(l.bytes[i*aoe.MACLen:], l.bytes[(i+1)*aoe.MACLen:][:moved])
	l.n--
	return true
}

// edit applies a frame's directives; false: the program aborts.
func (l *cList) edit(f aoe.Frame) (edited, bool) {
	for i := range f.MaskCount() {
		switch op, m := f.Directive(i); {
		case op > aoe.DirectiveDelete:
			return edited{l.macs(), aoe.MaskErrDirective, i}, true
		case op == aoe.DirectiveAdd && !l.add(m):
			return edited{l.macs(), aoe.MaskErrFull, i}, true
		case op == aoe.DirectiveDelete && !l.remove(m):
			return edited{}, false
		}
	}
	return edited{list: l.macs()}, true
}
