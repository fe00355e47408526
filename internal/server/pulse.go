// SPDX-License-Identifier: GPL-2.0-only

package server

import "time"

// pulse shows that the leader's loop runs: the loop itself calls feed, and never
// waits much longer than every. The zero pulse does nothing.
type pulse struct {
	feed  func()
	every time.Duration // between two calls, at the least
	last  time.Duration // clock of the last call
}

// shortest is the shortest interval at which the loop runs only for the pulse.
const shortest = time.Millisecond

// Pulse makes the serving loop call feed at least twice in every interval, even
// if there is nothing to do or every request waits for the disk. Only a loop that
// hangs does not. feed must not block. Call Pulse before Serve.
func (s *Server) Pulse(interval time.Duration, feed func()) {
	every := max(interval/4, shortest)
	s.pulse = pulse{feed: feed, every: every, last: -every}
}

// limit returns how long the loop may wait for frames; negative for no limit.
func (p *pulse) limit() time.Duration {
	if p.feed == nil {
		return -1
	}
	return p.every
}

// beat calls feed, if it is time to.
func (p *pulse) beat() {
	if p.feed == nil {
		return
	}
	if now := clock(); now-p.last >= p.every {
		p.last = now
		p.feed()
	}
}
