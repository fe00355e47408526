// SPDX-License-Identifier: GPL-2.0-only

package server

import "vblade/internal/order"

// lane is the part of the order that belongs to an export, and to the remnants
// whose calls it must not overtake.
type lane struct {
	order.Lane
	users int // exports and remnants
}

// lanes allocates the numbers by which the order identifies lanes. It belongs to
// the leader, as do the users of each lane.
type lanes struct {
	next uint16
	free []uint16 // that are free again
}

// MaxExports is the most exports that a server has.
const MaxExports = 1<<16 - 1

// used returns how many numbers are in use.
func (l *lanes) used() int { return int(l.next) - len(l.free) }

// take returns a lane that nothing uses yet. There are MaxExports of them.
func (l *lanes) take() *lane {
	n := len(l.free)
	if n == 0 {
		l.next++
		return &lane{Lane: order.Lane{ID: l.next}}
	}
	id := l.free[n-1]
	l.free = l.free[:n-1]
	return &lane{Lane: order.Lane{ID: id}}
}

// give ends one use of a lane, by an export that has nothing in flight.
func (l *lanes) give(a *lane) {
	if a.users--; a.users == 0 {
		l.free = append(l.free, a.ID)
	}
}
