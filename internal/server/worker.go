// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"errors"
	"runtime"
	"time"

	"vblade/internal/ata"
)

// worker is one of a server's crew.
type worker struct {
	s     *Server
	run   run    // what it does at the moment
	out   outbox // the replies of its run
	tally tally  // of its run
}

// newWorker returns a worker of s.
func newWorker(s *Server) *worker {
	return &worker{s: s, run: newRun(), out: newOutbox(maxRun)}
}

// loop leads where nobody does, else does what is queued, until the server has
// ended and nothing is left.
func (w *worker) loop() {
	s := w.s
	s.mu.Lock()
	for {
		switch {
		case s.leader == nil && (!s.ending.Load() || s.turn.unfinished()):
			s.leader = w
			s.mu.Unlock()
			w.lead()
			s.mu.Lock()
		case s.queue.n > 0:
			w.run.gatherChain(s.queue.pop())
			s.busy.Add(1)
			s.mu.Unlock()
			w.serve()
			s.mu.Lock()
		case s.ending.Load() && s.leader == nil && s.inFlight.Load() == 0:
			s.work.Signal() // the next may go home too
			s.mu.Unlock()
			return
		default:
			s.work.Wait()
		}
	}
}

// lead leads until the server ends or the lead is taken away. It goes on with
// the turn that a leader before has left.
func (w *worker) lead() {
	s := w.s
	for {
		if !w.finishTurn() {
			return
		}
		s.pulse.beat()
		s.giveWay()
		s.supply()
		if s.port.link.Changes() != s.port.seen {
			s.attend()
		}
		if s.ending.Load() || s.receive() == 0 && !s.port.link.Wait(s.pulse.limit()) {
			break
		}
	}
	s.mu.Lock()
	s.leader = nil
	s.mu.Unlock()
}

// stretch is how long the leader serves without giving way.
const stretch = 5 * time.Millisecond

// giveWay lets the Go scheduler run something else where that is due: what the
// turn has lent, since the first worker that it woke is next on the leader's
// processor and had to be stolen from there while the leader waits for frames;
// and now and then whatever there is, since from a leader that served twice as
// long the scheduler's monitor would take the processor, and look every 20
// microseconds for a while whether to do so again.
func (s *Server) giveWay() {
	if s.turn.lent || s.turn.began-s.gaveWay >= stretch {
		s.gaveWay = s.turn.began
		runtime.Gosched()
	}
}

// finishTurn does or lends the work of a turn and sends its replies. It returns
// false where the lead was taken away meanwhile.
func (w *worker) finishTurn() bool {
	t := &w.s.turn
	for t.next < len(t.pending) {
		w.run.gather(t.pending[t.next:])
		t.next += len(w.run.requests)
		if !w.perform() {
			return false
		}
	}
	if !w.s.post(&t.out) {
		w.s.port.refresh() // the MTU may have shrunk under them
	}
	w.s.countTurn()
	return true
}

// perform does a run of the turn if it need not wait, and lends it otherwise.
// It returns false where it had to wait after all, and lost the lead by it.
func (w *worker) perform() bool {
	s, u := w.s, &w.run
	op := u.op()
	if s.clashes(u) || op == ata.OpFlush {
		s.lend(u)
		return true
	}
	err := errors.ErrUnsupported
	switch op {
	case ata.OpNone: // it has waited enough
		err = nil
	case ata.OpRead:
		err = u.try()
	case ata.OpIdentify: // where all wait for disks, what is known must do
		if s.busy.Load() == CrewSize {
			u.complete()
			err = nil
		}
	}
	// Only a leader that another can follow may risk to be kept.
	if err == errors.ErrUnsupported && !s.paces[op].slow.Load() && s.busy.Load() < CrewSize {
		return w.performTimed()
	}
	if err != nil {
		s.lend(u)
		return true
	}
	s.turn.reply(u.requests)
	return true
}

// performTimed does a run of the turn that may have to wait, against the
// experience of its kind: the watch and the pace look on.
func (w *worker) performTimed() bool {
	s, u := w.s, &w.run
	beat := s.watch.enter()
	begin := clock()
	u.do()
	took := clock() - begin
	if !s.watch.leave(beat) {
		w.finish()
		return false
	}
	s.paces[u.op()].note(took, u.bytes())
	s.turn.reply(u.requests)
	return true
}

// serve does a run from the queue.
func (w *worker) serve() {
	begin := clock()
	w.run.do()
	w.s.paces[w.run.op()].note(clock()-begin, w.run.bytes())
	w.finish()
}

// finish sends the replies of a run that was in flight, lets start what waited
// for it, and gives its requests back.
func (w *worker) finish() {
	s := w.s
	defer s.busy.Add(-1)
	for _, r := range w.run.requests {
		w.tally.count(r)
		if r.Reply > 0 {
			w.out.put(r)
		}
	}
	s.post(&w.out)
	w.publish()
	s.mu.Lock()
	started := 0
	for _, r := range w.run.requests {
		for _, t := range r.export.order.release(&r.ticket) {
			s.queue.push(s.requests[t.number])
			started++
		}
		r.flying = false
		s.free = append(s.free, r)
		r.export.counts.inFlight.Add(-1)
	}
	if s.inFlight.Add(-int32(len(w.run.requests))) == 0 && s.ending.Load() {
		started++ // wake one more, to go home
	}
	s.mu.Unlock()
	s.freed.Signal()
	for range started {
		s.work.Signal()
	}
}
