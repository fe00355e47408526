// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"net"
	"sync/atomic"
	"time"

	"vblade/internal/blade"
)

// Keeper keeps the state of one export, for the next time that it is served.
type Keeper interface {
	// Save returns once the state is durable, however long that takes. If it fails,
	// what was saved before is what is kept.
	Save(*blade.State) error
}

// maxSaves is how many states are saved at once: each keeps a thread.
const maxSaves = 64

// kept is what the changes of all exports that are being kept share. It is the
// leader's but for places.
type kept struct {
	changes int           // exports with one
	saved   []*export     // of them those whose Save has ended
	places  chan struct{} // taken by who saves
}

// keeping is an export's change on its way to the Keeper. Until it is kept, or is
// known not to be, what came behind it waits: that sees the change, or none. All
// other exports go on, and so does the leader.
//
// A request that waits here is counted as one in flight, so that an export has no
// more of the buffers than its share.
type keeping struct {
	keeper Keeper       // nil where nothing is kept
	since  atomic.Int64 // clock when the Save that runs was asked for; 0 for none
	late   bool         // that it takes long was logged; watchDisks alone uses it

	// The leader's, but for err while a Save runs.
	change  *request // that is being kept; nil for none
	behind  queue    // requests that came after it
	err     error    // of the last Save
	failing bool     // that it fails was logged
}

// keep begins to keep what a request changes. Leader only.
func (s *Server) keep(r *request) {
	k := &r.export.keeping
	k.change = r
	s.kept.changes++
	s.mu.Lock()
	s.fly(r)
	s.mu.Unlock()
	k.since.Store(int64(clock()))
	go s.save(r.export)
}

// save has an export's proposed state kept, and the leader conclude the change.
func (s *Server) save(e *export) {
	k := &e.keeping
	s.kept.places <- struct{}{}
	k.err = k.keeper.Save(e.Proposed())
	<-s.kept.places
	k.since.Store(0)
	s.tell(func() { s.kept.saved = append(s.kept.saved, e) })
}

// holdBack has a request wait until the change before it is concluded. Leader only.
func (s *Server) holdBack(r *request) {
	e, p := r.export, r.port
	s.mu.Lock()
	over := p.left() <= 0
	if len(s.exports) > 1 {
		over = p.exceeds(e)
	}
	if !over {
		s.fly(r)
	}
	s.mu.Unlock()
	if over {
		s.shed(r)
		return
	}
	e.keeping.behind.push(r)
}

// concludeAll concludes the changes of which it is known whether they are kept. It
// is a part of the turn: what came behind them joins it.
func (s *Server) concludeAll() {
	for _, e := range s.kept.saved {
		s.conclude(e)
	}
	s.kept.saved = s.kept.saved[:0]
}

// conclude has an export's change take effect, or refuses it, and goes on with
// what came behind it, up to the next change.
func (s *Server) conclude(e *export) {
	k := &e.keeping
	r := k.change
	k.change = nil
	s.kept.changes--
	s.land(r)
	s.noteSave(r)
	if k.err != nil {
		e.Refuse(&r.Request)
	} else {
		r.Kept = true
		e.Accept(&r.Request)
	}
	s.proceed(r)
	for k.change == nil && !k.behind.empty() {
		r := k.behind.pop()
		s.land(r)
		s.take(e, r)
	}
}

// land takes back a request that was in flight only because it waited here.
func (s *Server) land(r *request) {
	s.mu.Lock()
	s.unfly(r)
	s.mu.Unlock()
}

// noteSave logs that changes cannot be kept, and that they can again: a line each.
func (s *Server) noteSave(r *request) {
	switch k := &r.export.keeping; {
	case k.err != nil && !k.failing:
		k.failing = true
		by := r.Frame.Src()
		s.log.Errorf("%s: what %v wants to change is refused, since it cannot be kept: %v", r.export.Name(), net.HardwareAddr(by[:]), k.err)
	case k.err == nil && k.failing:
		k.failing = false
		s.log.Infof("%s: what initiators change is kept again", r.export.Name())
	}
}

// lookAtSave logs when a change has not been kept for a time that is too long, and
// when it is at last. It returns whether one has not been.
func (e *export) lookAtSave(log Log, limit time.Duration) (late bool) {
	k := &e.keeping
	since := time.Duration(k.since.Load())
	before := k.late
	k.late = since > 0 && clock()-since >= limit
	switch {
	case k.late && !before:
		log.Errorf("%s: a change has not been kept for %v: the storage of its state hangs, and the export waits for it", e.Name(), limit)
	case before && !k.late:
		log.Infof("%s: the storage of its state goes on", e.Name())
	}
	return k.late
}
