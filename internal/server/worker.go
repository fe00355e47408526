// SPDX-License-Identifier: GPL-2.0-only

package server

import "vblade/internal/ata"

// worker is a goroutine of the crew. It does requests that wait for a disk, and
// never leads.
type worker struct {
	s     *Server
	run   run    // what it is doing
	out   outbox // the replies of its run
	tally tally  // of its run
}

// newWorker returns a worker of s.
func newWorker(s *Server) *worker {
	return &worker{s: s, run: newRun(), out: newOutbox(maxRun)}
}

// loop does queued runs until the server has ended, or there are too many workers.
func (w *worker) loop() {
	s := w.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.crew.take(&w.run):
			if s.crew.lacksWorker() {
				s.startWorker()
			}
			if s.crew.ready() {
				s.work.Signal()
			}
			s.mu.Unlock()
			w.serve()
			s.mu.Lock()
		case s.ended:
			return
		case s.crew.hasTooMany():
			s.crew.workers--
			return
		default:
			s.work.Wait()
		}
	}
}

// startWorker starts a worker. The caller holds s.mu, and starts the crew, or is the leader or
// a worker.
func (s *Server) startWorker() {
	s.crew.workers++
	s.running.Add(1)
	go func() {
		defer s.running.Done()
		newWorker(s).loop()
	}()
}

// serve does a run from the queue.
func (w *worker) serve() {
	s, u := w.s, &w.run
	p := &u.export().paces[u.op()]
	t := p.time(s.freezes.now())
	if u.op() == ata.OpNone || s.mayBegin(u.requests) {
		p.note(t, w.do(), u.bytes())
	}
	s.finish(u, &w.out, &w.tally, true)
}

// do does the run, and returns how many calls its time is of.
func (w *worker) do() (calls int) {
	u := &w.run
	if !u.batch {
		w.s.doRun(u)
		return 1
	}
	calls = w.s.doBatch(u)
	if u.export().disk.WritesThrough() {
		return 1 // most of it is the flush
	}
	return calls
}

// finish sends the replies of a run that was in flight, starts the requests that
// waited for it, and frees its requests. A worker that has done it returns to the
// crew.
func (s *Server) finish(u *run, out *outbox, tally *tally, byWorker bool) {
	s.undone.Add(-int32(len(u.requests))) // before the replies, because the next request may arrive at once
	u.export().undone.Add(-int32(len(u.requests)))
	for _, r := range u.requests {
		r.print.Store(0)
		if r.hush(); r.Reply > 0 {
			tally.count(r)
			out.put(r)
		} else {
			r.port.counts.ignored.Add(1)
		}
	}
	out.post(s)
	tally.publish(u)
	s.mu.Lock()
	if byWorker {
		s.crew.done(u)
	}
	started := 0
	for _, r := range u.requests {
		started += s.leaveOrder(r)
		r.port.giveBack(r)
	}
	s.inFlight.Add(-int32(len(u.requests)))
	s.mu.Unlock()
	s.freed.Signal()
	for range started {
		s.work.Signal()
	}
}
