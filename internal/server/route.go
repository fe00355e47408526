// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"vblade/internal/aoe"
	"vblade/internal/blade"
)

// route passes a frame that was admitted to the export that it addresses, or
// queues it as a sweep if it is a broadcast.
func (s *Server) route(r *request) {
	p := r.port
	r.Begin(r.length, &p.wire)
	f := r.Frame
	if r.length < aoe.HeaderLen || f.EtherType() != aoe.EtherType {
		s.turn.drop(r)
		return
	}
	if f.Has(aoe.FlagResponse) {
		s.hear(p, f)
		s.turn.drop(r)
		return
	}
	if f.Shelf() == aoe.EveryShelf || f.Slot() == aoe.EverySlot {
		if len(p.list) == 1 && p.list[0].export.AnswersTo(f) {
			s.catchUp(p.list[0].export, newest)
			s.accept(p.list[0].export, r)
		} else {
			s.sweep(p, r)
		}
		return
	}
	at := p.exports[keyOf(f.Shelf(), f.Slot())]
	if at == nil {
		s.turn.drop(r)
		return
	}
	s.catchUp(at.export, newest)
	s.accept(at.export, r)
}

// accept makes an export accept a request. While a change is being kept, the
// request has to wait for that.
func (s *Server) accept(e *export, r *request) {
	r.export, r.arrived, r.taken = e, s.turn.began, s.turn.began
	if e.keeping.change != nil {
		s.holdBack(r)
		return
	}
	s.take(e, r)
}

// take makes an export accept a request, if it admits its source.
func (s *Server) take(e *export, r *request) {
	t := &s.turn
	if e.mute.Load() {
		t.drop(r)
		return
	}
	if !e.Admits(r.Frame.Src()) {
		t.touch(e)
		e.counts.turn.add(masked, 1)
		t.drop(r)
		return
	}
	if r.Frame.Command() == aoe.CommandConfig { // its reply tells the MTU (section 2)
		r.port.refresh()
		e.queries.note(r.Frame.Tag())
		r.Begin(r.length, &r.port.wire)
	}
	e.Accept(&r.Request)
	if r.Proposes {
		s.keep(r)
		return
	}
	s.proceed(r)
}

// proceed continues with a request that its export has accepted: it is answered,
// or queued to wait for its disk.
func (s *Server) proceed(r *request) {
	e, t := r.export, &s.turn
	if r.Changed == blade.ChangedMasks {
		for _, p := range e.ports {
			p.stale = true
		}
	}
	if r.Changed != blade.ChangedNothing {
		s.report(r)
	}
	if r.Waits() {
		s.meet(r)
		r.enrol()
		t.pending = append(t.pending, r)
	} else {
		t.answer(r)
	}
}
