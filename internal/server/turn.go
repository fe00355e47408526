// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"slices"
	"time"
)

// maxBatch is the most frames that are received at a time.
const maxBatch = 64

// turn is what the leader works on: one batch of frames, from the link to the
// replies. It lives in the server, so that another worker can take it over.
type turn struct {
	batch    []*request    // to receive into; nil where a request was lent away
	bufs     [][]byte      // their buffers, as the link takes them
	received int           // in the last batch
	began    time.Duration // clock when it was received
	lent     bool          // batch has gaps

	pending []*request // with work to be done, in the order of arrival
	next    int        // the first of them that was not looked at yet
	out     outbox     // what is to be sent at the end
}

// newTurn returns an empty turn.
func newTurn() turn {
	return turn{
		batch:   make([]*request, 0, maxBatch),
		bufs:    make([][]byte, maxBatch),
		pending: make([]*request, 0, maxBatch),
		out:     newOutbox(maxBatch),
	}
}

// unfinished tells whether something of the turn is yet to be done.
func (t *turn) unfinished() bool { return t.next < len(t.pending) || len(t.out.frames) > 0 }

// reply puts the replies of a run's requests on their way.
func (t *turn) reply(requests []*request) {
	for _, r := range requests {
		t.answer(r)
	}
}

// answer puts a request's reply on its way, if it has one.
func (t *turn) answer(r *request) {
	if r.Reply > 0 {
		r.export.counts.turn.count(r)
		t.out.put(r)
	}
}

// supply fills the gaps in the turn's batch with free requests. It waits where
// all are in flight: then nothing is received.
func (s *Server) supply() {
	t := &s.turn
	if !t.lent && len(t.batch) == maxBatch {
		return
	}
	t.batch = slices.DeleteFunc(t.batch, func(r *request) bool { return r == nil })
	t.lent = false
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(t.batch)+len(s.free) == 0 && !s.ending.Load() {
		s.awaitFree()
	}
	n := min(maxBatch-len(t.batch), len(s.free))
	t.batch = append(t.batch, s.free[len(s.free)-n:]...)
	s.free = s.free[:len(s.free)-n]
}

// linkPause is how long the server leaves a link alone that it cannot receive from.
const linkPause = 100 * time.Millisecond

// receive begins a turn: it receives a batch, has the blades accept it, and
// returns how many frames there were.
func (s *Server) receive() int {
	t := &s.turn
	t.pending, t.next = t.pending[:0], 0
	// Few buffers are laid out where few frames come.
	room := min(len(t.batch), 2*t.received+4)
	for i, r := range t.batch[:room] {
		t.bufs[i] = r.Buf
	}
	n, err := s.port.link.Receive(t.bufs[:room])
	s.note(&s.receiving, err)
	if err != nil {
		time.Sleep(linkPause)
		return 0
	}
	t.received = n
	s.port.counts.receive(t, n)
	for i, r := range t.batch[:n] {
		r.place, r.arrived = i, t.began
		s.route(r, len(t.bufs[i]))
		if r.Waits() {
			r.enrol()
			t.pending = append(t.pending, r)
		} else {
			t.answer(r)
		}
	}
	s.port.counts.ignore(n - len(t.pending) - len(t.out.frames))
	return n
}

// lend hands a run to the crew: each request takes its place in the order, and
// those that may start are queued.
func (s *Server) lend(u *run) {
	s.mu.Lock()
	runs := s.enter(u, true)
	s.mu.Unlock()
	for range runs {
		s.work.Signal()
	}
}

// enter takes a run's requests from the turn into the order. With enqueue it
// queues those that may start, as runs, and returns how many runs that makes.
// The caller holds s.mu.
func (s *Server) enter(u *run, enqueue bool) int {
	s.turn.lent = true
	s.inFlight.Add(int32(len(u.requests)))
	runs := 0
	var last *request
	for _, r := range u.requests {
		s.turn.batch[r.place] = nil
		r.next, r.flying = nil, true
		r.export.counts.inFlight.Add(1)
		switch starts := r.export.order.admit(&r.ticket); {
		case !starts:
			last = nil
		case !enqueue:
		case last != nil:
			last.next = r
			last = r
		default:
			s.queue.push(r)
			last = r
			runs++
		}
	}
	return runs
}

// clashes tells whether any request of a run has to wait for one in flight.
func (s *Server) clashes(u *run) bool {
	if s.inFlight.Load() == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(u.requests, func(r *request) bool { return r.export.order.clashes(&r.ticket) })
}
