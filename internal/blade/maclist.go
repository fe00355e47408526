// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"slices"

	"vblade/internal/aoe"
)

// macList is a set of MACs in the order in which they were added. Its size is
// fixed, so peers cannot make it allocate.
type macList struct {
	n    int
	macs [aoe.MaxReservations]aoe.MAC
}

// all returns the MACs, which the caller must not change.
func (l *macList) all() []aoe.MAC { return l.macs[:l.n] }

// index returns the index of m, or -1.
func (l *macList) index(m aoe.MAC) int {
	for i := range l.all() {
		if l.macs[i] == m {
			return i
		}
	}
	return -1
}

// has reports whether m is in the list.
func (l *macList) has(m aoe.MAC) bool { return l.index(m) >= 0 }

// equals reports whether both lists hold the same MACs in the same order.
func (l *macList) equals(other *macList) bool { return slices.Equal(l.all(), other.all()) }

// add appends m. The list must have room for it.
func (l *macList) add(m aoe.MAC) {
	l.macs[l.n] = m
	l.n++
}

// addAll appends those of macs that are not in the list. The list must have room
// for them.
func (l *macList) addAll(macs []aoe.MAC) {
	for _, m := range macs {
		if !l.has(m) {
			l.add(m)
		}
	}
}

// remove removes m, if it is there. The others keep their order.
func (l *macList) remove(m aoe.MAC) {
	if i := l.index(m); i >= 0 {
		copy(l.macs[i:l.n], l.macs[i+1:l.n])
		l.n--
	}
}
