// SPDX-License-Identifier: GPL-2.0-only

package server

import "time"

// pulse shows that the leader's loop turns: the loop itself calls feed, and
// waits for nothing much longer than every. The zero pulse costs and does nothing.
type pulse struct {
	feed  func()
	every time.Duration // between two calls, at the least
	last  time.Duration // clock of the last call
}

// shortest is how often the loop turns at the most for the sake of the pulse.
const shortest = time.Millisecond

// Pulse has the serving loop call feed at least twice in every interval, also
// where there is nothing to do or every request waits for the disk; only a loop
// that hangs does not. feed must not block. Call Pulse before Serve.
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
