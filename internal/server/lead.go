// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"runtime"
	"time"

	"vblade/internal/ata"
)

// leadCount is how many leads there are: one that leads, one that stands by, and
// as many more as may be blocked by calls before no leader takes that risk any
// more.
const leadCount = 4

// lead is a goroutine that can be the leader. The leader receives from all ports,
// has exports accept the frames, does at once what does not have to wait, hands
// the rest to its ring or the crew, and sends the replies. The other leads stand
// by and do nothing else. A leader makes a call that may block only while another
// lead stands by. That lead remains standing by until this leader loses the lead.
type lead struct {
	s     *Server
	run   run    // what it is doing
	out   outbox // the replies of a run during which the lead was lost
	tally tally  // of that run
	ring  *ring  // nil where there is none

	// putOff: the last turn's requests to the ring are not submitted yet. Most often
	// nothing has come meanwhile, and one system call submits them and waits.
	putOff bool
}

// newLead returns a lead of s without a ring.
func newLead(s *Server) *lead {
	return &lead{s: s, run: newRun(), out: newOutbox(maxRun)}
}

// loop stands by, and leads when there is no leader, until the server has ended.
func (l *lead) loop() {
	s := l.s
	defer l.dropRing()
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.leader == nil && !s.ended:
			s.leader = l
			s.standing.Add(-1)
			s.mu.Unlock()
			l.lead()
			l.drain()
			s.mu.Lock()
			s.standing.Add(1)
		case s.ended:
			return
		default:
			s.vacant.Wait()
		}
	}
}

// lead leads until the server has ended or the lead is lost. It continues the
// turn that the previous leader has left.
func (l *lead) lead() {
	s := l.s
	for l.finishTurn() {
		s.pulse.beat()
		s.giveWay()
		s.answerAsks()
		s.attend()
		if s.ending.Load() && s.admitted() && s.kept.changes == 0 {
			l.endServing()
			return
		}
		idle := s.begin() == 0
		switch {
		case !l.ring.empty():
			if !l.fly(idle) {
				return
			}
		case idle:
			l.ring.letGo(s.host)
			s.rest()
		}
	}
}

// endServing waits until nothing is in flight, and ends all leads and the crew.
func (l *lead) endServing() {
	s := l.s
	s.refuseAsks()
	l.drain()
	s.mu.Lock()
	for s.inFlight.Load() > 0 {
		s.freed.Wait()
	}
	s.ended, s.leader = true, nil
	s.mu.Unlock()
	s.vacant.Broadcast()
	s.work.Broadcast()
}

// rest waits until there is something to do.
func (s *Server) rest() {
	limit := s.pulse.limit()
	if s.chores {
		limit = choreEvery
	}
	if s.muted() || s.ending.Load() {
		time.Sleep(choreEvery) // frames that are not received would end a Wait at once
		return
	}
	if s.slow {
		s.host.WaitAsleep(limit)
		return
	}
	s.host.Wait(limit)
}

// stretch is how long the leader runs without yielding.
const stretch = 5 * time.Millisecond

// giveWay yields to the Go scheduler when that is due. It is due after the turn
// has handed over work, because the first worker that it woke is next on the
// leader's P, and would have to be stolen from there while the leader waits for
// frames. It is also due after each stretch, because the scheduler's monitor
// would preempt a leader that ran twice as long, and then check it every 20
// microseconds for a while.
func (s *Server) giveWay() {
	if s.turn.lent || s.turn.began-s.gaveWay >= stretch {
		s.turn.lent = false
		s.gaveWay = s.turn.began
		runtime.Gosched()
	}
}

// finishTurn does or hands over the work of a turn and sends its replies. It
// returns false if the lead was lost meanwhile.
func (l *lead) finishTurn() (leads bool) {
	t := &l.s.turn
	if l.ring != nil && l.ring.enabled && !l.ring.room(len(t.pending)-t.next) && !l.submit(0, 0) {
		return false
	}
	for t.next < len(t.pending) {
		if !l.awaitLandings() {
			return false
		}
		l.run.gather(t.pending[t.next:])
		t.next += len(l.run.requests)
		if !l.perform() {
			return false
		}
	}
	l.s.endTurn()
	return true
}

// perform does a run of the turn in place if that does not wait for a disk, or if
// nothing else would have to wait for it, and hands it over otherwise. It returns
// false if the lead was lost meanwhile.
func (l *lead) perform() (leads bool) {
	s, u := l.s, &l.run
	e, op := u.export(), u.op()
	alone := s.comesAlone(e)
	e.crowd.note(alone)
	switch {
	case s.clashes(u):
		l.lend()
		return true
	case op == ata.OpNone: // it does not have to wait any more
		s.turn.settle(u.requests)
		return true
	}
	lone := alone && !e.crowd.several()
	fast := op != ata.OpFlush && !e.paces[op].slow.Load() && !l.ring.takes(e, op)
	if op == ata.OpRead {
		done, tells := u.tryRead()
		if done {
			s.turn.settle(u.requests)
			return true
		}
		fast = fast && !tells
	}
	switch {
	case (fast || lone) && l.mayBeKept():
		return l.performInPlace(lone)
	case op == ata.OpIdentify && s.saturated(e): // the last size known is good enough
		u.complete()
		s.turn.settle(u.requests)
	default:
		l.lend()
	}
	return true
}

// mayBeKept reports whether a call may keep the lead and the buffers of its run:
// another lead stands by, the ports have buffers left, and nothing else would be
// kept.
func (l *lead) mayBeKept() bool {
	if !l.ring.empty() {
		l.s.missed = true
		return false
	}
	return l.s.standing.Load() > 0 && l.run.leavesReserve()
}

// quiet is how long no other export must have been used for an export to be
// alone.
const quiet = 20 * time.Millisecond

// comesAlone reports whether a request of an export, the next of the turn, is the
// only one that anybody waits for: nothing else has come with it or while the
// leader was busy, nothing is in flight, and no other export is in use. Then
// nobody is kept waiting but its initiator, who waits anyway.
func (s *Server) comesAlone(e *export) bool {
	t := &s.turn
	if s.used != e {
		if s.used != nil {
			s.usedSince = s.usedLast + quiet
		}
		s.used = e
	}
	s.usedLast = t.began
	s.slow = false
	waited := t.pending[0].stamp < s.inPlace // it arrived while another was done in place
	return len(t.pending) == 1 && !waited && s.undone.Load() == 0 && t.began >= s.usedSince
}

// performInPlace does a run of the turn that may block, under the eyes of the
// watch. If it is lone, only its own initiator waits for it.
func (l *lead) performInPlace(lone bool) (leads bool) {
	s, u := l.s, &l.run
	e, op := u.export(), u.op()
	beat := s.watch.enter(lone)
	p := &e.paces[op]
	t := p.time(s.freezes.now())
	may := s.mayBegin(u.requests)
	if may {
		s.doRun(u)
	}
	if !s.watch.leave(beat) {
		l.finish()
		return false
	}
	s.inPlace = time.Now().UnixNano()
	if may {
		s.slow = p.note(t, 1, u.bytes())
		if s.slow && clock()-t.begin > 2*patience { // the watch looks too seldom at a lone call
			e.stall(op)
		}
	}
	s.turn.settle(u.requests)
	return true
}

// finish ends a run during which the lead was lost.
func (l *lead) finish() { l.s.finish(&l.run, &l.out, &l.tally, false) }
