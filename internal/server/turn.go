// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"slices"
	"time"
)

// turn is what the leader works on: the frames that have arrived on all ports,
// from the admission to the replies. It lives in the server, so that another lead
// can take it over.
type turn struct {
	arrived []*request    // in the order in which they take effect
	began   time.Duration // clock when they were admitted
	pending []*request    // with work to be done, in the order of arrival
	next    int           // the first of them that was not looked at yet
	lent    bool          // a request was handed to the crew
	out     outbox        // what is to be sent at the end
	spent   []*request    // that have no reply
	touched []*export     // of which something was counted
}

// grow makes room for one more port's frames.
func (t *turn) grow(ports int) {
	// Behind the frames of the ports there are the copies of broadcasts.
	n := ports*(maxBatch+choreStep) + choreStep
	t.arrived = slices.Grow(t.arrived, n)
	t.pending = slices.Grow(t.pending, n)
	t.spent = slices.Grow(t.spent, n)
	t.out.requests = slices.Grow(t.out.requests, n)
	t.out.frames = slices.Grow(t.out.frames, n)
}

// settle puts requests that will wait for nothing any more on their way.
func (t *turn) settle(requests []*request) {
	for _, r := range requests {
		t.answer(r)
	}
}

// answer puts a request's reply on its way, if it has one.
func (t *turn) answer(r *request) {
	if r.Reply == 0 {
		t.drop(r)
		return
	}
	t.touch(r.export)
	r.export.counts.turn.count(r)
	t.out.put(r)
}

// drop ends a frame that is not answered.
func (t *turn) drop(r *request) {
	if !r.copied {
		r.port.counts.ignored.Add(1)
	}
	t.spent = append(t.spent, r)
}

// touch has the export's counts made public when the turn ends.
func (t *turn) touch(e *export) {
	if !e.counts.touched {
		e.counts.touched = true
		t.touched = append(t.touched, e)
	}
}

// begin begins a turn: it admits what has arrived, has the exports accept it, and
// returns how many frames that were, with those that exports answer now of a
// broadcast that has arrived before.
func (s *Server) begin() int {
	t := &s.turn
	t.pending, t.next, t.lent = t.pending[:0], 0, false
	s.doChores() // what was advertised is what initiators find now
	n := s.gather()
	t.began = clock()
	for _, r := range t.arrived {
		s.route(r)
	}
	s.doChores()
	s.refilterStale()
	return n + len(t.pending) + len(t.out.requests)
}

// end ends a turn: it sends the replies, and gives the requests back that are not
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
	r.flying = true
	r.export.flying.Add(1)
	r.port.flying.Add(1)
}

// enter takes a request of the turn into the order and, if it may start, hands it
// to the crew. The caller holds s.mu.
func (s *Server) enter(r *request) {
	s.turn.lent = true
	s.fly(r)
	if s.order.Admit(&r.Ticket) {
		s.crew.put(r)
	}
}

// lend hands a run to the crew: each request takes its place in the order, and
// those that may start are queued. Of an export that has used up its share of the
// buffers requests are dropped, as the wire might drop them.
func (s *Server) lend(u *run) {
	s.mu.Lock()
	for _, r := range u.requests {
		if s.overShare(r.export, r.port) {
			s.shed(r)
		} else {
			s.enter(r)
		}
	}
	s.mu.Unlock()
	s.work.Signal()
}

// clashes tells whether any request of a run has to wait for one in flight.
func (s *Server) clashes(u *run) bool {
	if s.inFlight.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(u.requests, func(r *request) bool { return s.order.Clashes(&r.Ticket) })
}
