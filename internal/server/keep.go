// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"net"
	"sync/atomic"
	"time"

	"vblade/internal/blade"
	"vblade/internal/journal"
)

// Keeper keeps the state of one export, for the next time that it is served.
type Keeper interface {
	// Save returns once the state is durable, however long that takes. If it fails,
	// what was saved before is what is kept.
	Save(*blade.State) error
}

// maxSaves is how many states are saved at once. Each occupies a thread.
const maxSaves = 64

// kept is what the changes that are being kept share, of all exports. It belongs
// to the leader, except for places.
type kept struct {
	changes int           // exports with one
	saved   []*export     // those of them whose Save has ended
	places  chan struct{} // taken by goroutines that save
}

// keeping is a change of an export that is being saved by the Keeper. Until the
// Save has ended, later requests for the export wait, because they must see the
// change if and only if it is kept. All other exports go on, and so does the
// leader.
//
// A request that waits here counts as in flight, so that an export keeps to its
// share of the buffers.
type keeping struct {
	keeper Keeper       // nil where nothing is kept
	since  atomic.Int64 // clock when the Save that runs was asked for; 0 for none
	late   atomic.Bool  // it took too long when it was looked at last

	// These belong to the leader, except for err while a Save runs.
	change  *request // that is being kept; nil for none
	behind  queue    // requests that came after it
	err     error    // of the last Save
	failing bool     // that it fails was logged
}

// keep begins to save the change of a request. It drops the request if that would
// leave its port too few buffers for receiving. Leader only.
func (s *Server) keep(r *request) {
	if r.port.full() {
		s.shed(r)
		return
	}
	s.hold(r)
	k := &r.export.keeping
	k.change = r
	s.kept.changes++
	k.since.Store(int64(clock()))
	go s.save(r.export)
}

// save saves an export's proposed state, and then makes the leader conclude the
// change.
func (s *Server) save(e *export) {
	k := &e.keeping
	s.kept.places <- struct{}{}
	k.err = k.keeper.Save(e.Proposed())
	<-s.kept.places
	k.since.Store(0)
	s.tell(func() { s.kept.saved = append(s.kept.saved, e) })
}

// holdBack makes a request wait until the change before it is concluded. Leader
// only.
func (s *Server) holdBack(r *request) {
	e, p := r.export, r.port
	over := p.left() <= 0
	if !s.alone() {
		over = p.exceeds(e)
	}
	if over {
		s.shed(r)
		return
	}
	s.hold(r)
	e.keeping.behind.push(r)
}

// hold begins the flight of a request that is in flight only because it waits here.
func (s *Server) hold(r *request) {
	r.taken = never
	s.mu.Lock()
	s.fly(r)
	s.mu.Unlock()
}

// concludeAll concludes the changes whose Save has ended. It is part of the turn:
// the requests that waited for them join it.
func (s *Server) concludeAll() {
	for _, e := range s.kept.saved {
		s.conclude(e)
	}
	s.kept.saved = s.kept.saved[:0]
}

// conclude makes an export's change take effect, or refuses it, and continues
// with the requests that waited for it, up to the next change. Those that a freeze
// has made too old are dropped.
func (s *Server) conclude(e *export) {
	k := &e.keeping
	r := k.change
	k.change = nil
	s.kept.changes--
	s.unhold(r)
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
		s.unhold(r)
		if s.freezes.since(r.arrived) {
			s.turn.lapse(r)
			continue
		}
		s.take(e, r)
	}
}

// unhold ends what hold has begun.
func (s *Server) unhold(r *request) {
	s.mu.Lock()
	s.unfly(r)
	s.mu.Unlock()
	r.taken = s.turn.began
}

// noteSave logs that changes cannot be kept, and that they can again: a line each.
func (s *Server) noteSave(r *request) {
	switch k := &r.export.keeping; {
	case k.err != nil && !k.failing:
		k.failing = true
		by := r.Frame.Src()
		s.log.Errorf("%s: what %v wants to change is refused, since it cannot be kept: %v", journal.Export(r.export.Name()), journal.Initiator(net.HardwareAddr(by[:]).String()), k.err)
	case k.err == nil && k.failing:
		k.failing = false
		s.log.Infof("%s: what initiators change is kept again", journal.Export(r.export.Name()))
	}
}

// lookAtSave logs that a Save takes too long, and later that it has ended.
func (e *export) lookAtSave(log Log, limit time.Duration) {
	k := &e.keeping
	since := time.Duration(k.since.Load())
	late := since > 0 && clock()-since >= limit
	switch before := k.late.Swap(late); {
	case late && !before:
		log.Errorf("%s: a change has not been kept for %v: the storage of its state hangs, and the export waits for it", journal.Export(e.Name()), limit)
	case before && !late:
		log.Infof("%s: the storage of its state goes on", journal.Export(e.Name()))
	}
}
