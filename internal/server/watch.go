// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync/atomic"
	"time"
)

// How long a call may block the leader before it loses the lead: requests after a
// slow one continue within twice this time. While only one export is in use, with
// one request outstanding, nobody else waits, and the watch looks less often,
// because each look wakes two or three threads: on a disk of 1 ms that was a sixth
// of the CPU time. So a request that arrives when such a disk has just begun to
// hang continues within 40 ms, and not 10; and within 25 ms where a call that is not
// lone follows one that was.
const (
	patience     = 5 * time.Millisecond
	lonePatience = 4 * patience
)

// watch ensures that no call blocks the receiving of frames.
//
// Before a call that may block the leader makes the beat odd, and afterwards
// even, by a compare-and-swap. A goroutine looks now and then: if the beat is odd
// and has not changed since the last look, it makes it even itself. Whichever
// compare-and-swap wins owns the turn. A leader that loses has only its run left,
// which is in flight from then on.
type watch struct {
	beat  *atomic.Uint64
	lone  *atomic.Bool // the call keeps nobody but its own initiator waiting
	awake *atomic.Bool // the goroutine is looking
	call  chan struct{}
}

// newWatch returns a watch whose goroutine has not started.
func newWatch() watch {
	return watch{beat: new(atomic.Uint64), lone: new(atomic.Bool), awake: new(atomic.Bool), call: make(chan struct{}, 1)}
}

// enter announces a call that may block, and returns the beat. A lone call keeps
// nobody but its own initiator waiting.
func (w *watch) enter(lone bool) uint64 {
	if w.lone.Load() != lone {
		w.lone.Store(lone)
	}
	beat := w.beat.Add(1)
	if !w.awake.Load() && w.awake.CompareAndSwap(false, true) {
		w.call <- struct{}{}
	}
	return beat
}

// leave ends the call that began at a beat. It returns false if the lead is lost.
func (w *watch) leave(beat uint64) bool { return w.beat.CompareAndSwap(beat, beat+1) }

// watchLeader watches the leader until done. It sleeps while the leader makes no
// calls that may block.
func (s *Server) watchLeader(done <-chan struct{}) {
	w := &s.watch
	every := patience
	tick := time.NewTicker(every)
	defer tick.Stop()
	last := uint64(0) // as newWatch has it: no call has begun
	for {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		beat := w.beat.Load()
		switch {
		case beat != last:
			last = beat
		case beat%2 == 1:
			s.depose(beat)
		default:
			tick.Stop()
			if !w.sleep(beat, done) {
				return
			}
			tick.Reset(every)
		}
		if now := w.patience(); now != every {
			every = now
			tick.Reset(every)
		}
	}
}

// patience returns how long the leader's calls may block it now.
func (w *watch) patience() time.Duration {
	if w.lone.Load() {
		return lonePatience
	}
	return patience
}

// sleep waits until a call is announced, unless one was since beat. It returns
// false once done.
func (w *watch) sleep(beat uint64, done <-chan struct{}) bool {
	w.awake.Store(false)
	if w.beat.Load() != beat && w.awake.CompareAndSwap(false, true) {
		return true
	}
	select {
	case <-done:
		return false
	case <-w.call:
		return true
	}
}

// depose takes the lead from a leader that a call has blocked since beat. Its run
// is in flight from now on. The next leader continues the turn; there is one that
// stands by, or the leader would not have made the call.
func (s *Server) depose(beat uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.watch.leave(beat) {
		return
	}
	if u := &s.leader.run; len(u.requests) > 0 { // otherwise its ring has blocked it
		e := u.export()
		e.stall(u.op())
		for _, r := range u.requests {
			s.fly(r)
			s.order.Admit(&r.Ticket) // it may start: nothing in flight clashed
		}
	}
	s.leader = nil
	s.vacant.Signal()
}
