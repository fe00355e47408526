// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync/atomic"
	"time"
)

// patience is how long a call may block the leader before it loses the lead. So
// requests after a slow one continue within twice this time.
const patience = 5 * time.Millisecond

// watch ensures that no call blocks the receiving of frames.
//
// Before a call that may block the leader makes the beat odd, and afterwards
// even, by a compare-and-swap. A goroutine looks now and then: if the beat is odd
// and has not changed since the last look, it makes it even itself. Whichever
// compare-and-swap wins owns the turn. A leader that loses has only its run left,
// which is in flight from then on.
type watch struct {
	beat  *atomic.Uint64
	awake *atomic.Bool // the goroutine is looking
	call  chan struct{}
}

// newWatch returns a watch whose goroutine has not started.
func newWatch() watch {
	return watch{beat: new(atomic.Uint64), awake: new(atomic.Bool), call: make(chan struct{}, 1)}
}

// enter announces a call that may block, and returns the beat.
func (w *watch) enter() uint64 {
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
	tick := time.NewTicker(patience)
	defer tick.Stop()
	last := w.beat.Load()
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
			tick.Reset(patience)
		}
	}
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
		e.paces[u.op()].stall()
		e.crowd.stall()
		for _, r := range u.requests {
			s.fly(r)
			s.order.Admit(&r.Ticket) // it may start: nothing in flight clashed
		}
	}
	s.leader = nil
	s.vacant.Signal()
}
