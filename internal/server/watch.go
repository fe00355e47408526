// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync/atomic"
	"time"
)

// patience is how long a call may keep the leader before it loses the lead:
// within twice this time, requests that came after a slow one go on.
const patience = 5 * time.Millisecond

// watch sees to it that no call keeps the receiving of frames waiting.
//
// Before a call that may wait the leader makes the beat odd, afterwards even,
// by a compare-and-swap. A goroutine looks now and then: where the beat is odd
// and has not changed since the last look, it makes it even itself. Whichever
// compare-and-swap wins owns the turn: a leader that loses has only its run left,
// which is in flight from then on.
type watch struct {
	beat  *atomic.Uint64
	awake *atomic.Bool // somebody looks
	call  chan struct{}
}

// newWatch returns a watch that nobody looks at yet.
func newWatch() watch {
	return watch{beat: new(atomic.Uint64), awake: new(atomic.Bool), call: make(chan struct{}, 1)}
}

// enter announces a call that may wait and returns the beat.
func (w *watch) enter() uint64 {
	beat := w.beat.Add(1)
	if !w.awake.Load() && w.awake.CompareAndSwap(false, true) {
		w.call <- struct{}{}
	}
	return beat
}

// leave ends the call that began at a beat; false if the lead is lost.
func (w *watch) leave(beat uint64) bool { return w.beat.CompareAndSwap(beat, beat+1) }

// watchLeader looks after the leader until done. It sleeps while the leader
// makes no calls that may wait.
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

// sleep waits until a call is announced, if none was since beat; false if that
// will not happen any more.
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

// depose takes the lead from a leader that a call has kept since beat. Its run
// goes on as one in flight; the rest of its turn is the next leader's, who stands
// by: else the leader had not made the call.
func (s *Server) depose(beat uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.watch.leave(beat) {
		return
	}
	if u := &s.leader.run; len(u.requests) > 0 { // else its ring has kept it
		e := u.export()
		e.paces[u.op()].stall()
		e.crowd.stall()
		for _, r := range u.requests {
			s.fly(r)
			s.order.Admit(&r.Ticket) // it holds its place: nothing in flight clashed
		}
	}
	s.leader = nil
	s.vacant.Signal()
}
