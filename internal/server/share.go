// SPDX-License-Identifier: GPL-2.0-only

package server

// reserve returns how many requests of a port remain for receiving when the
// exports have used up their shares.
func (p *Port) reserve() int { return min(16, len(p.requests)/4) }

// shareWait is how long the leader waits in one turn before it drops requests of
// the only export, if that has used up its share of the buffers. On a disk that is
// only busy some requests end within this time. Frames that arrive meanwhile are
// not too old afterwards.
const shareWait = maxAge / 2

// alone reports whether there is one export, to which all buffers and workers belong. A
// remnant keeps some of them. Leader only.
func (s *Server) alone() bool { return len(s.exports)+len(s.remnants) == 1 }

// overShare reports whether an export has used up its share of a port's buffers.
// If there are several exports, each may have up to twice as many in flight as
// are left for all, not counting one for each export of the port. An export with
// nothing in flight may have one of those and, where there are more exports, of half of
// the reserve. The caller holds s.mu.
func (s *Server) overShare(e *export, p *Port) bool {
	if !s.alone() {
		return p.exceeds(e)
	}
	left := p.left()
	if left <= 0 && !p.choked {
		left = s.awaitShare(p)
	}
	p.choked = left <= 0
	return p.choked
}

// exceeds reports whether one of several exports has used up its share of the
// port's buffers.
func (p *Port) exceeds(e *export) bool {
	left := p.left() - p.owned()
	return p.full() || int(e.undone.Load()) >= max(1, 2*left)
}

// owned is how many buffers are for exports with nothing in flight: one for each
// export of the port, but no more than half of what is not for receiving.
func (p *Port) owned() int { return min(len(p.list), (len(p.requests)-p.reserve())/2) }

// full reports whether exports with nothing in flight have used up their part of
// the reserve, too.
func (p *Port) full() bool { return p.unused() <= p.reserve()-p.reserve()/2 }

// awaitShare waits until a request of a port ends, or the turn has waited for
// shareWait, and returns how many may then be in flight. The caller holds s.mu.
func (s *Server) awaitShare(p *Port) (left int) {
	s.work.Signal() // for what was lent before
	late := s.turn.began + s.shareWait
	s.shareAlarm.Reset(late - clock())
	for left <= 0 && clock() < late {
		s.freed.Wait()
		left = p.left()
	}
	s.shareAlarm.Stop()
	return left
}

// awaitLandings completes requests of the ring while the next run of the turn
// would exceed its export's share of the buffers, until the turn has waited for
// shareWait, because lend waits only for the crew. It does not wait if there are
// several exports. It returns false if the lead was lost.
func (l *lead) awaitLandings() (leads bool) {
	s := l.s
	if l.ring.empty() || !s.alone() {
		return true
	}
	l.run.gather(s.turn.pending[s.turn.next:])
	p, n := l.run.requests[0].port, len(l.run.requests)
	if p.choked {
		return true
	}
	for late := s.turn.began + s.shareWait; p.left() < n && !l.ring.empty() && clock() < late; {
		if !l.submit(1, flyWait) {
			return false
		}
		l.land()
	}
	return true
}

// unused returns how many of a port's requests are neither in flight nor those of
// broadcasts that some exports have not answered. Leader only.
func (p *Port) unused() int {
	return len(p.requests) - int(p.flying.Load()) - len(p.chores.sweeps)
}

// left returns how many more of a port's requests may be in flight.
func (p *Port) left() int { return len(p.requests) - p.reserve() - int(p.flying.Load()) }

// mayHoldSweep reports whether the port may hold another broadcast until all exports
// have answered it. It then has a request left to receive with, and one to answer
// with, whatever hangs. Leader only.
func (p *Port) mayHoldSweep() bool {
	return len(p.chores.sweeps) < min(maxSweeps, max(1, len(p.requests)/4)) && p.unused() > max(2, p.reserve()/4)
}

// leavesReserve reports whether the run may be in flight without using the reserve of
// a port.
func (u *run) leavesReserve() bool {
	var last *Port
	for _, r := range u.requests {
		if r.port != last && r.port.unused()-r.port.reserve() < len(u.requests) {
			return false
		}
		last = r.port
	}
	return true
}

// shareIsLate ends a wait for a share. It takes the lock so that it cannot run
// between the leader's look at the clock and its wait.
func (s *Server) shareIsLate() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freed.Broadcast()
}

// shed drops a request of the turn because its export has too many in flight.
func (s *Server) shed(r *request) {
	s.turn.touch(r.export)
	r.export.counts.turn.add(shed, 1)
	r.Reply = 0
	s.turn.drop(r)
}
