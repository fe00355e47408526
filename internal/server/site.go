// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"vblade/internal/blade"
	"vblade/internal/order"
)

// Attach puts a link into use, with its buffers, each longer than any frame. Byte
// aoe.ATALen of each begins a page, if a disk requires that. The port receives
// nothing before an export is added on it.
func (s *Server) Attach(link Link, buffers [][]byte) (*Port, error) {
	p := newPort(link, buffers)
	return p, s.ask(func() {
		tickets := make([]*order.Ticket, len(p.requests))
		for i, r := range p.requests {
			tickets[i] = &r.Ticket
		}
		s.mu.Lock()
		s.order.Grow(tickets, p.sectors())
		for _, r := range p.requests {
			for len(s.requests) <= r.Number {
				s.requests = append(s.requests, nil)
			}
			s.requests[r.Number] = r
		}
		s.mu.Unlock()
		s.turn.grow(len(s.ports) + 1)
		s.ports = append(s.ports, p)
		s.publish()
	})
}

// Detach takes a port out of use, after which its link is free. It fails if the
// port has exports, or if requests of former exports are in flight, which use the
// link's buffers.
func (s *Server) Detach(p *Port) error {
	var refused error
	err := s.ask(func() {
		if len(p.list) > 0 || p.flying.Load() > 0 {
			refused = fmt.Errorf("%s is in use: %s, %s in flight", p.link.Name(),
				plural(int64(len(p.list)), "export"), plural(int64(p.flying.Load()), "request"))
			return
		}
		s.fold(p)
		tickets := make([]*order.Ticket, len(p.requests))
		s.mu.Lock()
		for i, r := range p.requests {
			tickets[i] = &r.Ticket
			s.requests[r.Number] = nil
		}
		s.order.Shrink(tickets)
		s.mu.Unlock()
		s.ports = slices.DeleteFunc(s.ports, func(other *Port) bool { return other == p })
		s.publish()
	})
	return errors.Join(refused, err)
}

// fold drops what a port has received and not admitted.
func (s *Server) fold(p *Port) {
	for !p.inbox.empty() {
		p.put(p.inbox.pop())
	}
	for _, w := range p.chores.sweeps {
		p.put(w.request)
	}
	p.chores = chores{}
}

// Add serves an export on ports, and advertises it once the server serves. It
// fails if the address is taken.
func (s *Server) Add(b *blade.Blade, ports ...*Port) error {
	return s.AddWith(b, Options{}, ports...)
}

// Options are optional properties of an export.
type Options struct {
	Keeper Keeper      // keeps the state of the blade
	Failed func(error) // called when the disk fails, and the export then stops answering (failstop.go)

	// Announce is the interval in which it is advertised, 0 for never. The first
	// time is after a random part of the interval, so that many exports are
	// spread.
	Announce time.Duration
}

// AddWith is Add with options.
func (s *Server) AddWith(b *blade.Blade, o Options, ports ...*Port) error {
	e := newExport(b, ports)
	e.keeping.keeper, e.failed, e.interval = o.Keeper, o.Failed, o.Announce
	var refused error
	err := s.ask(func() {
		if slices.ContainsFunc(s.exports, func(other *export) bool { return other.key() == e.key() }) {
			refused = fmt.Errorf("%s is served already", e.Name())
			return
		}
		if e.lane, refused = s.laneFor(e); refused != nil {
			return
		}
		e.watchHealth(s.log)
		e.health.resized = func() { s.tell(func() { s.announce(e) }) }
		e.lane.users++
		s.mu.Lock()
		s.exports = append(s.exports, e)
		s.crew.ring = slices.Grow(s.crew.ring, len(s.exports))
		s.crew.exports++
		if s.crew.lacksWorker() {
			s.startWorker()
		}
		s.mu.Unlock()
		for _, p := range e.ports {
			at := &seat{export: e, swept: s.swept} // earlier sweeps are not for it
			p.exports[e.key()] = at
			p.list = append(p.list, at)
			p.makeRoom()
			s.refilter(p)
			if s.asks.serving {
				p.chores.unsaid = append(p.chores.unsaid, e)
				s.chores = true
			}
		}
		if s.asks.serving {
			s.repeat(e)
		}
		s.publish()
	})
	return errors.Join(refused, err)
}

// Remove stops serving an export: from now on its frames are ignored. It returns
// when what was received is answered and the disk is synced, or after a time
// limit with an error that says what could not be done. If that is an
// UnfinishedError, calls still use the disk. No other begins then, and nothing is
// answered any more, because the disk may be served elsewhere.
func (s *Server) Remove(name string, within time.Duration) error {
	deadline := time.Now().Add(within)
	var e *export
	err := s.ask(func() {
		i := slices.IndexFunc(s.exports, func(other *export) bool { return other.Name() == name })
		if i < 0 {
			return
		}
		e = s.exports[i]
		s.leave(e)
		s.mu.Lock()
		s.exports = slices.Delete(s.exports, i, i+1)
		s.remnants = append(s.remnants, e)
		s.mu.Unlock()
		s.publish()
	})
	switch {
	case err != nil:
		return err
	case e == nil:
		return fmt.Errorf("%s is not served here", name)
	}
	drained := s.drain(e, time.Now().Add(within*3/4))
	if drained != nil {
		e.mute.Store(true)
		s.work.Signal() // to drop what is queued
	}
	done := e.sync()
	synced := e.awaitSync(done, deadline)
	err = join([]error{drained, synced})
	if drained == nil && (synced == nil || errors.As(synced, new(SyncError))) {
		return join([]error{err, s.forget(e)})
	}
	return s.leaveBehind(e, done, err)
}

// leave removes an export from its ports. It answers no more broadcasts.
func (s *Server) leave(e *export) {
	e.endRepeating()
	for _, p := range e.ports {
		i := slices.IndexFunc(p.list, func(at *seat) bool { return at.export == e })
		p.chores.forget(i, e)
		p.list = slices.Delete(p.list, i, i+1)
		delete(p.exports, e.key())
		s.refilter(p)
	}
}

// drain waits until no request of an export is in flight and nothing else uses
// its disk.
func (s *Server) drain(e *export, deadline time.Time) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for e.flying.Load() > 0 {
		if time.Now().After(deadline) {
			return s.errUnfinished(e)
		}
		<-tick.C
	}
	return e.endSizing(deadline)
}
