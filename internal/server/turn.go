// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"slices"
	"time"
)

// turn is the leader's batch: the frames that have arrived on all ports, from
// their admission to the replies. It is part of the server, so that another lead
// can take it over.
type turn struct {
	arrived []*request    // in the order in which they take effect
	began   time.Duration // clock when they were received
	pending []*request    // with work to be done, in the order of arrival
	next    int           // index of the first of them that was not looked at yet
	lent    bool          // a request was handed to the crew
	out     outbox        // what is to be sent at the end
	spent   []*request    // that have no reply
	touched []*export     // for which something was counted
}

// grow makes room for one more port's frames.
func (t *turn) grow(ports int) {
	// Besides the frames of the ports there are the copies of broadcasts.
	n := ports*(MaxBatch+choreStep) + choreStep
	t.arrived = slices.Grow(t.arrived, n)
	t.pending = slices.Grow(t.pending, n)
	t.spent = slices.Grow(t.spent, n)
	t.out.requests = slices.Grow(t.out.requests, n+maxFlights)
	t.out.frames = slices.Grow(t.out.frames, n+maxFlights)
}

// settle answers requests that have nothing left to wait for.
func (t *turn) settle(requests []*request) {
	for _, r := range requests {
		t.answer(r)
	}
}

// answer queues a request's reply to be sent, if it has one.
func (t *turn) answer(r *request) {
	if r.hush(); r.Reply == 0 {
		t.drop(r)
		return
	}
	r.print.Store(0)
	t.touch(r.export)
	r.export.counts.turn.count(r)
	t.out.put(r)
}

// drop ends a frame that is not answered.
func (t *turn) drop(r *request) {
	r.print.Store(0)
	if !r.copied {
		r.port.counts.ignored.Add(1)
	}
	t.spent = append(t.spent, r)
}

// lapse ends a frame that has waited for too long.
func (t *turn) lapse(r *request) {
	r.port.counts.stale.Add(1)
	t.drop(r)
}

// touch makes the turn publish the export's counts when it ends.
func (t *turn) touch(e *export) {
	if !e.counts.touched {
		e.counts.touched = true
		t.touched = append(t.touched, e)
	}
}

// begin begins a turn: it admits the frames that have arrived, has the exports
// accept them, and returns how much there is to finish, chores included.
func (s *Server) begin() int {
	t := &s.turn
	t.pending, t.next, t.lent = t.pending[:0], 0, false
	s.doChores() // so that initiators find what was advertised
	s.gather()
	s.concludeAll() // before the frames of this turn: those that waited for a change
	for _, r := range t.arrived {
		if s.ages.tooOld(r.stamp) {
			t.lapse(r)
			continue
		}
		s.route(r)
	}
	s.doChores()
	s.refilterStale()
	return len(t.pending) + len(t.out.requests) + len(t.spent)
}

// endTurn ends a turn: it sends the replies, and frees the requests that are not
// in flight.
func (s *Server) endTurn() {
	t := &s.turn
	answered := t.out.requests
	t.out.post(s)
	for _, r := range answered {
		r.port.put(r)
	}
	for _, r := range t.spent {
		r.port.put(r)
	}
	t.spent = t.spent[:0]
	s.countTurn()
}

// fly counts a request that leaves the turn for the order. The caller holds s.mu.
func (s *Server) fly(r *request) {
	s.inFlight.Add(1)
	s.undone.Add(1)
	r.flying = true
	r.export.flying.Add(1)
	r.export.undone.Add(1)
	r.port.flying.Add(1)
}

// unfly undoes fly. The caller holds s.mu.
func (s *Server) unfly(r *request) {
	s.inFlight.Add(-1)
	s.undone.Add(-1)
	r.flying = false
	r.export.flying.Add(-1)
	r.export.undone.Add(-1)
	r.port.flying.Add(-1)
}

// leaveOrder takes a request whose work is done out of the order, and queues those for
// the crew that may start now. It returns how many these are. The caller holds s.mu.
func (s *Server) leaveOrder(r *request) (started int) {
	for _, t := range s.order.Release(&r.Ticket) {
		s.crew.put(s.requests[t.Number])
		started++
	}
	r.flying = false
	r.port.flying.Add(-1) // first, because an export without requests may be gone, and so its ports
	r.export.flying.Add(-1)
	return started
}

// lend hands the lead's run over: each request takes its place in the order, and
// those that may start go to the ring or are queued for the crew. Requests of an
// export that has used up its share of the buffers are dropped, as on a wire.
func (l *lead) lend() {
	s, u := l.s, &l.run
	// A submission may block the lead, too, so another has to stand by.
	byRing := l.ring.takes(u.export(), u.op()) && l.takeRing() && l.ring.room(len(u.requests)) && s.standing.Load() > 0
	s.mu.Lock()
	group := u.requests[:0]
	for _, r := range u.requests {
		switch {
		case s.overShare(r.export, r.port):
			s.shed(r)
			continue
		case !s.admit(r):
			continue
		case !byRing:
			s.turn.lent = true
			s.crew.put(r)
			continue
		}
		if n := len(group); n == maxVecs || n > 0 && !r.continues(group[n-1]) {
			l.ring.depart(group)
			group = group[:0]
		}
		group = append(group, r)
	}
	if len(group) > 0 {
		l.ring.depart(group)
	}
	wakes := s.turn.lent && s.crew.ready() // not for writes that wait for a batch to end
	s.mu.Unlock()
	if wakes {
		s.work.Signal()
	}
}

// admit takes a request of the turn into the order, and reports whether it may
// start. The caller holds s.mu.
func (s *Server) admit(r *request) (starts bool) {
	s.fly(r)
	return s.order.Admit(&r.Ticket)
}

// clashes reports whether any request of a run has to wait for one in flight.
func (s *Server) clashes(u *run) bool {
	if s.inFlight.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(u.requests, func(r *request) bool { return s.order.Clashes(&r.Ticket) })
}
