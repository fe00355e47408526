// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"runtime"
	"time"
)

// How long a lead waits for its ring at a time.
const (
	flyWait   = time.Millisecond       // the leader, in a call that the watch looks at
	drainWait = 100 * time.Millisecond // one that does not lead
)

// ringPatience is how long the ring may complete nothing, while requests that could
// be done in place have to be handed over because of it, before the leader steps
// aside for another one, whose ring is empty.
const ringPatience = 20 * time.Millisecond

// takeRing puts the lead's ring into use when it is needed for the first time, and
// binds the lead to its thread: a goroutine that is bound to one costs the
// scheduler more each time that it gives way. It returns false where that fails;
// the crew waits for the disks then.
func (l *lead) takeRing() bool {
	if l.ring.enabled {
		return true
	}
	runtime.LockOSThread()
	if err := l.ring.Enable(); err != nil {
		l.ring.Close(0)
		l.ring = nil
		runtime.UnlockOSThread()
		return false
	}
	l.ring.makeReady()
	l.ring.entered = l.s.freezes.now()
	return true
}

// dropRing closes the ring, which has no requests in flight any more.
func (l *lead) dropRing() {
	if l.ring == nil {
		return
	}
	bound := l.ring.enabled
	l.ring.Close(0)
	if bound {
		runtime.UnlockOSThread()
	}
}

// submit submits the prepared requests, and waits for a number of completions or
// for the limit. It returns false if that took so long that the lead was lost.
func (l *lead) submit(wait int, limit time.Duration) (leads bool) {
	s := l.s
	l.run.reset() // the run is not in flight if the lead is lost
	beat := s.watch.enter(false)
	l.enter(wait, limit)
	return s.watch.leave(beat)
}

// enter makes the ring submit and wait.
func (l *lead) enter(wait int, limit time.Duration) {
	g := l.ring
	for l.voidStale(); g.SubmitPair(); {
		l.voidStale()
	}
	g.Enter(wait, limit) // what the kernel does not take now is submitted by the next Enter
}

// voidStale makes the prepared requests void if the process was frozen since they were
// prepared: a worker drops each of them, or does it if it is new. A process is stopped
// when a system call returns, so this has to be looked at before each submission.
func (l *lead) voidStale() {
	g, f := l.ring, &l.s.freezes
	now := f.now()
	if f.since(g.entered) {
		g.Void()
	}
	g.entered = now
}

// fly drives the ring: it submits the prepared requests, waits for disks and
// frames if the turn is idle, and answers what has completed. It returns false if
// the lead was lost.
func (l *lead) fly(idle bool) (leads bool) {
	s, g := l.s, l.ring
	wait, limit := 0, time.Duration(0)
	switch {
	case g.Ready():
		l.land()
		return !l.stepsAside()
	case idle && !s.chores:
		g.watch(s.host)
		wait, limit = 1, flyWait
	case !l.putOff:
		l.putOff = true
		return true
	}
	l.putOff = false
	if !l.submit(wait, limit) {
		return false
	}
	l.land()
	return !l.stepsAside()
}

// land answers the requests that the ring has completed.
func (l *lead) land() {
	s, g := l.s, l.ring
	if g.reap(s.host.Silence) == 0 {
		return
	}
	s.releaseLanded(g)
	now := clock()
	for _, r := range g.done {
		r.Complete(int(r.Work.Sectors()), nil)
		r.export.health.note(r.Work, nil)
		if s.turn.answer(r); r.Reply > 0 {
			r.export.counts.landed(r, now)
		}
	}
	g.done = g.done[:0]
}

// releaseLanded takes completed requests out of the order, and hands the crew those
// that may start now, and those that a worker has to repeat.
func (s *Server) releaseLanded(g *ring) {
	s.mu.Lock()
	started := len(g.failed)
	for _, r := range g.failed {
		s.crew.put(r)
	}
	g.failed = g.failed[:0]
	for _, r := range g.done {
		started += s.leaveOrder(r)
		r.export.undone.Add(-1)
	}
	s.inFlight.Add(-int32(len(g.done)))
	s.undone.Add(-int32(len(g.done)))
	s.mu.Unlock()
	for range started {
		s.work.Signal()
	}
}

// stepsAside gives up the lead if the requests of the ring do not complete and so
// prevent others from being done in place. It reports whether it did.
func (l *lead) stepsAside() bool {
	s, g := l.s, l.ring
	missed := s.missed
	s.missed = false
	if !missed || g.empty() || clock()-g.landed < ringPatience || s.standing.Load() == 0 {
		return false
	}
	s.mu.Lock()
	s.leader = nil
	s.mu.Unlock()
	s.vacant.Signal()
	return true
}

// drain empties the ring of a lead that has lost the lead.
func (l *lead) drain() {
	if !l.ring.empty() {
		l.awaitFlights()
	}
	if l.ring != nil {
		l.ring.stopWatching()
	}
}

// awaitFlights waits for the requests in the ring of a lead that has lost the lead,
// and answers them. Later requests for the same disks go to the crew. The ring watches
// no links meanwhile: a disk that hangs keeps no link open.
func (l *lead) awaitFlights() {
	s, g := l.s, l.ring
	s.mu.Lock() // then the goroutine that took the lead has looked at the lead's run
	g.eachInFlight(func(e *export) { e.draining.Add(1) })
	s.mu.Unlock()
	for !g.empty() {
		if len(g.watched) > 0 {
			g.unwatch()
		}
		l.enter(1, drainWait)
		g.reap(func() {}) // the alarm is the leader's
		for _, r := range g.done {
			r.export.draining.Add(-1)
			l.deliver(r)
		}
		g.done = g.done[:0]
		for _, r := range g.failed {
			r.export.draining.Add(-1)
		}
		s.releaseLanded(g)
	}
}

// deliver answers a request that has completed after the lead was lost.
func (l *lead) deliver(r *request) {
	l.run.reset()
	l.run.add(r)
	l.run.complete()
	l.s.finish(&l.run, &l.out, &l.tally, false)
}

// eachInFlight calls f for the export of each request in flight.
func (g *ring) eachInFlight(f func(*export)) {
	for i := range g.flights {
		for r := g.flights[i].first; r != nil; r = r.next {
			f(r.export)
		}
	}
}
