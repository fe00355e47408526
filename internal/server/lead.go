// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"runtime"
	"time"

	"vblade/internal/ata"
)

// leadCount is how many leads there are: one that leads, one that stands by, and
// as many more as may be kept by calls before none takes that risk any more.
const leadCount = 4

// lead is one of those who can lead. The one that leads, the leader, receives
// from all ports, has exports accept what came, does at once what nobody has to
// wait for, lends the rest to its ring or the crew, and sends the replies. The others stand by
// and do nothing else: a leader makes a call that may keep it only while another
// lead stands by, and nobody but that leader, by losing the lead, ends this.
type lead struct {
	s     *Server
	run   run    // what it does at the moment
	out   outbox // the replies of a run that has cost it the lead
	tally tally  // of that run
	ring  *ring  // nil where there is none

	// putOff: the last turn's requests to the ring are not submitted yet. Most often
	// nothing has come meanwhile, and one system call submits them and waits.
	putOff bool
}

// newLead returns a lead of s, with a ring or without.
func newLead(s *Server, g *ring) *lead {
	return &lead{s: s, run: newRun(), out: newOutbox(maxRun), ring: g}
}

// loop stands by, and leads when nobody does, until the server has ended.
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

// lead leads until the server has ended or the lead is lost. It goes on with the
// turn that the leader before has left.
func (l *lead) lead() {
	s := l.s
	for l.finishTurn() {
		s.pulse.beat()
		s.giveWay()
		s.answerAsks()
		s.attend()
		if s.ending.Load() && s.admitted() && s.kept.changes == 0 {
			l.goHome()
			return
		}
		idle := s.begin() == 0
		switch {
		case !l.ring.empty():
			if !l.fly(idle) {
				return
			}
		case idle:
			s.rest()
		}
	}
}

// goHome waits until nothing is in flight, and ends the leading, the standing by
// and the crew.
func (l *lead) goHome() {
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
	if s.muted() {
		time.Sleep(choreEvery) // what cannot be received would end a Wait at once
		return
	}
	if s.slow {
		s.host.WaitAsleep(limit)
		return
	}
	s.host.Wait(limit)
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
		s.turn.lent = false
		s.gaveWay = s.turn.began
		runtime.Gosched()
	}
}

// finishTurn does or lends the work of a turn and sends its replies. It returns
// false where the lead was lost meanwhile.
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

// perform does a run of the turn in place where that does not wait for a disk, or
// where nobody would gain by having others wait, and lends it otherwise. It
// returns false where the lead was lost meanwhile.
func (l *lead) perform() (leads bool) {
	s, u := l.s, &l.run
	e, op := u.export(), u.op()
	alone := s.comesAlone(e)
	e.crowd.note(alone)
	switch {
	case s.clashes(u):
		l.lend()
		return true
	case op == ata.OpNone: // it has waited enough
		s.turn.settle(u.requests)
		return true
	}
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
	case (fast || alone && !e.crowd.several()) && l.mayBeKept():
		return l.performInPlace()
	case op == ata.OpIdentify && s.saturated(e): // what is known must do
		u.complete()
		s.turn.settle(u.requests)
	default:
		l.lend()
	}
	return true
}

// mayBeKept tells whether a call may keep the lead: another stands by, and nothing
// else would be kept.
func (l *lead) mayBeKept() bool {
	if !l.ring.empty() {
		l.s.missed = true
		return false
	}
	return l.s.standing.Load() > 0
}

// quiet is how long no other export may have been used for one to be alone.
const quiet = 20 * time.Millisecond

// comesAlone tells whether a request of an export, the next of the turn, is the
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
	kept := t.pending[0].stamp < s.inPlace // it came while another was done in place
	return len(t.pending) == 1 && !kept && s.undone.Load() == 0 && t.began >= s.usedSince
}

// performInPlace does a run of the turn that may have to wait, while the watch
// looks on.
func (l *lead) performInPlace() (leads bool) {
	s, u := l.s, &l.run
	beat := s.watch.enter()
	begin := s.freezes.now()
	may := s.mayBegin(u)
	if may {
		u.do()
	}
	took := clock() - begin
	if !s.watch.leave(beat) {
		l.finish()
		return false
	}
	s.inPlace = time.Now().UnixNano()
	if may {
		s.slow = u.export().paces[u.op()].note(took, u.bytes())
	}
	s.turn.settle(u.requests)
	return true
}

// finish ends a run that has cost the lead.
func (l *lead) finish() { l.s.finish(&l.run, &l.out, &l.tally, nil) }
