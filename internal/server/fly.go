// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"runtime"
	"time"
)

// How long a lead waits for its ring, at a time.
const (
	flyWait  = time.Millisecond       // the leader, in a call that the watch looks at
	soarWait = 100 * time.Millisecond // one that does not lead
)

// becalmed is how long nothing may land, while work that could be done in place
// has to be handed over because of it, before the lead steps aside: another leads,
// with a ring that is empty.
const becalmed = 20 * time.Millisecond

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

// dropRing gives the ring up, of which nothing is in flight any more.
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

// submit submits what is prepared, and waits for so many completions or the time
// given. It returns false where the kernel has kept it so long that the lead was
// lost.
func (l *lead) submit(wait int, limit time.Duration) (leads bool) {
	s := l.s
	l.run.reset() // nothing of it goes along if the lead is lost
	beat := s.watch.enter()
	l.enter(wait, limit)
	return s.watch.leave(beat)
}

// enter has the ring submit and wait.
func (l *lead) enter(wait int, limit time.Duration) {
	g, f := l.ring, &l.s.freezes
	now := f.now()
	if f.since(g.entered) {
		g.Void() // a worker drops it, or does it if it is new
	}
	g.entered = now
	g.Enter(wait, limit) // what the kernel cannot take now goes with the next
}

// fly goes on with what is in flight by the ring: it submits what is prepared,
// waits for disks and for frames where the turn is idle, and lets land what has
// completed. It returns false where the lead was lost.
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

// land answers what has completed.
func (l *lead) land() {
	s, g := l.s, l.ring
	if g.reap(s.host.Silence) == 0 {
		return
	}
	s.comeDown(g)
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

// comeDown takes what has completed from the order, and hands to the crew what may
// start now, and what a worker has to try again.
func (s *Server) comeDown(g *ring) {
	s.mu.Lock()
	started := len(g.failed)
	for _, r := range g.failed {
		s.crew.put(r)
	}
	g.failed = g.failed[:0]
	for _, r := range g.done {
		for _, t := range s.order.Release(&r.Ticket) {
			s.crew.put(s.requests[t.Number])
			started++
		}
		r.flying = false
		r.export.flying.Add(-1)
		r.port.flying.Add(-1)
	}
	s.inFlight.Add(-int32(len(g.done)))
	s.undone.Add(-int32(len(g.done)))
	s.mu.Unlock()
	for range started {
		s.work.Signal()
	}
}

// stepsAside gives up the lead where what is in flight does not land and keeps
// from others what they could have in place. It returns whether it did.
func (l *lead) stepsAside() bool {
	s, g := l.s, l.ring
	missed := s.missed
	s.missed = false
	if !missed || g.empty() || clock()-g.landed < becalmed || s.standing.Load() == 0 {
		return false
	}
	s.mu.Lock()
	s.leader = nil
	s.mu.Unlock()
	s.vacant.Signal()
	return true
}

// drain waits until nothing is in flight by the ring of a lead that does not lead
// any more, and answers it. What comes for the same disks goes to the crew.
func (l *lead) drain() {
	s, g := l.s, l.ring
	if g.empty() {
		return
	}
	s.mu.Lock() // whoever took the lead has looked at the lead's run then
	g.eachAloft(func(e *export) { e.adrift.Add(1) })
	s.mu.Unlock()
	for !g.empty() {
		l.enter(1, soarWait)
		g.reap(func() {}) // the alarm is the leader's
		for _, r := range g.done {
			r.export.adrift.Add(-1)
			l.deliver(r)
		}
		g.done = g.done[:0]
		for _, r := range g.failed {
			r.export.adrift.Add(-1)
		}
		s.comeDown(g)
	}
}

// deliver ends a request that has completed when the lead was lost.
func (l *lead) deliver(r *request) {
	l.run.reset()
	l.run.add(r)
	l.run.complete()
	l.s.finish(&l.run, &l.out, &l.tally, nil)
}

// eachAloft calls f for the export of each request in flight.
func (g *ring) eachAloft(f func(*export)) {
	for i := range g.flights {
		for r := g.flights[i].first; r != nil; r = r.next {
			f(r.export)
		}
	}
}
