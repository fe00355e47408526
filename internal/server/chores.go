// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"math"
	"slices"
	"time"

	"vblade/internal/aoe"
)

// How frames for all exports of a port are paced: choreStep of them every
// choreEvery, so that they do not flood the LAN, the receive buffers of
// initiators or our own.
const (
	choreStep  = 32
	choreEvery = time.Millisecond
)

// maxSweeps is the most broadcasts that a port processes at once, if it has enough
// buffers (mayHoldSweep): a few from each of several initiators that boot at once.
// Initiators repeat those that are dropped.
const maxSweeps = 16

// chores is what a port has to do for each of its exports, a few at a time:
// replies to broadcasts, and advertisements. It belongs to the leader.
type chores struct {
	sweeps  []sweep
	unsaid  []*export     // still to be advertised
	left    int           // how many may still be done, of choreStep in each choreEvery
	last    time.Duration // clock when that was choreStep
	scratch aoe.Frame     // an advertisement is made in it
	frames  [][]byte      // of scratch
}

// sweep is a broadcast that some exports have not answered yet. It takes effect
// on all of them at its place in the order of frames: before an export accepts a
// later frame, it answers the sweep.
type sweep struct {
	request  *request // with the frame
	sequence uint64   // its place among the sweeps of all ports, from 1 on
	next     int      // of the port's list: those before it were reached
	answered bool
}

// sweep queues a frame that may address several exports of a port.
func (s *Server) sweep(p *Port, r *request) {
	if !p.mayHoldSweep() {
		s.turn.drop(r)
		return
	}
	s.swept++
	c := &p.chores
	c.sweeps = append(c.sweeps, sweep{request: r, sequence: s.swept})
}

// idle reports whether there is nothing to do.
func (c *chores) idle() bool { return len(c.sweeps)+len(c.unsaid) == 0 }

// doChores does chores, as far as the pace allows.
func (s *Server) doChores() {
	s.chores = false
	for _, p := range s.ports {
		if p.chores.idle() {
			continue
		}
		p.chores.step(s, p)
		s.chores = s.chores || !p.chores.idle()
	}
}

// step does as many of the chores as the pace allows.
func (c *chores) step(s *Server, p *Port) {
	if now := clock(); now-c.last >= choreEvery {
		c.left, c.last = choreStep, now
	}
	for len(c.sweeps) > 0 && c.left > 0 {
		if !c.sweeps[0].proceed(s, p) {
			return
		}
		c.sweeps[0].end(s)
		c.sweeps = c.sweeps[:copy(c.sweeps, c.sweeps[1:])]
	}
	for len(c.unsaid) > 0 && c.left > 0 {
		e := c.unsaid[0]
		c.unsaid = c.unsaid[1:]
		c.left -= s.advertise(p, e)
	}
}

// proceed makes more exports of a port answer its first sweep, as far as the pace
// and the idle requests allow, and reports whether all have. It leaves one to receive
// with: what has come by this port must be seen before newer frames by others.
func (w *sweep) proceed(s *Server, p *Port) (all bool) {
	for ; w.next < len(p.list); w.next++ {
		at := p.list[w.next]
		if at.swept >= w.sequence || !at.export.AnswersTo(w.request.Frame) {
			continue
		}
		s.collect(p)
		if p.chores.left <= 0 || len(p.idle) <= 1 {
			return false
		}
		s.catchUp(at.export, w.sequence)
		if w.reach(s, at) {
			p.chores.left--
		}
	}
	return true
}

// reach makes the export of a seat answer the sweep, if addressed, in a frame of
// its own. It reports whether it did.
func (w *sweep) reach(s *Server, at *seat) bool {
	from := w.request
	at.swept = w.sequence
	if !at.export.AnswersTo(from.Frame) || s.ages.tooOld(from.stamp) {
		return false
	}
	r := from.port.take()
	if r == nil {
		return false // dropped, as on a wire: the initiator asks again
	}
	r.copied = true
	r.length, r.stamp = copy(r.Buf, from.Frame), from.stamp
	r.Begin(r.length, &r.port.wire)
	s.accept(at.export, r)
	w.answered = w.answered || r.Reply > 0 || r.Waits() || r.flying // the last: held back
	return true
}

// end drops the sweep's frame.
func (w *sweep) end(s *Server) {
	w.request.copied = w.answered // then it was not ignored
	s.turn.drop(w.request)
}

// newest is a sequence after those of all sweeps.
const newest = math.MaxUint64

// catchUp makes an export answer the sweeps that came, by any port, before the
// frame that it is about to accept, or before another sweep, in the order in
// which they came.
func (s *Server) catchUp(e *export, before uint64) {
	for {
		w, at := e.unreached(before)
		if w == nil {
			return
		}
		w.reach(s, at)
	}
}

// unreached returns the earliest sweep, before a sequence, that has not reached
// the export, or nil, and the export's seat on the port by which it came.
func (e *export) unreached(before uint64) (first *sweep, at *seat) {
	for _, p := range e.ports {
		if len(p.chores.sweeps) == 0 {
			continue
		}
		own := p.exports[e.key()]
		for i := range p.chores.sweeps {
			if w := &p.chores.sweeps[i]; own.swept < w.sequence && w.sequence < before {
				before, first, at = w.sequence, w, own
			}
		}
	}
	return first, at
}

// forget removes the export at an index of the port's list from the chores.
func (c *chores) forget(at int, e *export) {
	for i := range c.sweeps {
		if c.sweeps[i].next > at {
			c.sweeps[i].next--
		}
	}
	c.unsaid = slices.DeleteFunc(c.unsaid, func(other *export) bool { return other == e })
}

// advertiseAll queues an advertisement of each export of a port (section 4).
func (s *Server) advertiseAll(p *Port) {
	p.chores.unsaid = nil
	for _, at := range p.list {
		p.chores.unsaid = append(p.chores.unsaid, at.export)
	}
}

// scratchFrame returns a frame with room for an advertisement.
func (c *chores) scratchFrame() aoe.Frame {
	if c.scratch == nil {
		c.scratch = make(aoe.Frame, aoe.ConfigLen+aoe.MaxConfigString)
	}
	return c.scratch
}

// advertise advertises an export on a port's link. It returns how many frames it
// has sent.
func (s *Server) advertise(p *Port, e *export) int {
	if e.mute.Load() {
		return 0
	}
	c := &p.chores
	e.advertised = clock()
	audience := e.Audience()
	for _, dst := range audience {
		scratch := c.scratchFrame()
		c.frames = append(c.frames[:0], scratch[:e.Advertise(scratch, &p.wire, dst)])
		s.send(p, c.frames)
		c.scratch = c.frames[0][:len(c.scratch)]
	}
	return len(audience)
}
