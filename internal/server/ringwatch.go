// SPDX-License-Identifier: GPL-2.0-only

package server

import "vblade/internal/uring"

// A wait of a ring has to end for frames, too, so it polls the host's descriptors. A
// poll keeps the socket of a link open, even after the link was closed, until it
// completes or is cancelled.

// The data of a ring's requests: the number of a flight, or one of these. With
// pollData goes the round, from bit roundShift on, and the index of the descriptor
// that is polled.
const (
	pollData   = 1 << 62
	cancelData = 1 << 63
	roundShift = 32
)

// polled notes that a poll of a descriptor has completed. Those of earlier rounds were
// cancelled.
func (g *ring) polled(c uring.Completion, silence func()) {
	i := int(uint32(c.Data))
	if i >= len(g.armed) || c.Data != g.pollOf(i) {
		return
	}
	g.armed[i] = false
	if i == 0 && c.Result > 0 {
		silence()
	}
}

// pollOf returns the data of the poll of a descriptor.
func (g *ring) pollOf(i int) uint64 { return pollData | uint64(g.round)<<roundShift | uint64(i) }

// watch makes a wait of the ring end when a descriptor of the host is readable. The
// numbers do not tell whether it watches them already: that of a link that was closed
// may be another's now.
func (g *ring) watch(host Host) {
	now := host.Descriptors()
	if !isSame(now, g.watched) {
		if !g.unwatch() {
			return
		}
		g.watched = now
		g.armed = append(g.armed, make([]bool, len(now))...)
	}
	for i, fd := range g.watched {
		if !g.armed[i] {
			g.armed[i] = g.Poll(g.pollOf(i), fd, uring.PollIn)
		}
	}
}

// unwatch cancels the polls, which keep what they poll open. It returns false if the
// ring has no room for all of that now.
func (g *ring) unwatch() (all bool) {
	for i := range g.armed {
		if g.armed[i] && !g.Cancel(cancelData, g.pollOf(i)) {
			return false
		}
		g.armed[i] = false
	}
	g.watched, g.armed = nil, g.armed[:0]
	g.round++
	return true
}

// stopWatching cancels the polls at once, or as many as the ring has room for. Nothing
// is in flight, so it does not wait.
func (g *ring) stopWatching() {
	if len(g.watched) > 0 {
		g.unwatch()
		g.Enter(0, 0)
	}
}

// letGo cancels the polls of a ring that has nothing in flight if links have come or
// gone: it would keep the sockets of those open that were closed.
func (g *ring) letGo(host Host) {
	if g != nil && !isSame(host.Descriptors(), g.watched) {
		g.stopWatching()
	}
}

// isSame reports whether two slices are the same, and not only equal.
func isSame(a, b []int) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }
