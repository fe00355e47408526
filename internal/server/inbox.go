// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"math"
	"slices"
	"time"
)

// MaxBatch is the most frames that a port receives at a time. A Link must be able to
// receive as many.
const MaxBatch = 64

// linkPause is how long a link is left alone after receiving from it has failed.
const linkPause = 100 * time.Millisecond

// inbox holds the frames that a port has received and the turn has not admitted
// yet, in the order of arrival.
type inbox struct {
	held   []*request
	first  int  // index in held of the first that was not admitted
	last   int  // how many frames the last Receive brought
	more   bool // the link may have more
	bufs   [][]byte
	stamps []int64
}

// newInbox returns an empty inbox.
func newInbox() inbox {
	return inbox{
		held:   make([]*request, 0, MaxBatch),
		last:   MaxBatch,
		bufs:   make([][]byte, MaxBatch),
		stamps: make([]int64, MaxBatch),
	}
}

// empty reports whether every frame was admitted.
func (b *inbox) empty() bool { return b.first == len(b.held) }

// next returns the stamp of the first frame. There must be one.
func (b *inbox) next() int64 { return b.held[b.first].stamp }

// newest returns the latest stamp of the frames held. There must be one.
func (b *inbox) newest() int64 {
	newest := int64(math.MinInt64)
	for _, r := range b.held[b.first:] {
		newest = max(newest, r.stamp)
	}
	return newest
}

// pop removes the first frame. There must be one.
func (b *inbox) pop() *request {
	r := b.held[b.first]
	b.first++
	if b.first == len(b.held) {
		b.held, b.first = b.held[:0], 0
	}
	return r
}

// admitted reports whether every received frame was admitted to a turn.
func (s *Server) admitted() bool {
	return !slices.ContainsFunc(s.ports, func(p *Port) bool { return !p.inbox.empty() })
}

// fetch receives what has arrived, as far as the inbox and the idle requests have
// room, and reports whether that was all. A server that is ending receives
// nothing.
func (s *Server) fetch(p *Port) (all bool) {
	if s.ending.Load() {
		return true
	}
	s.collect(p)
	b := &p.inbox
	if b.first > 0 {
		b.held = b.held[:copy(b.held, b.held[b.first:])]
		b.first = 0
	}
	// Few buffers are offered if few frames arrive.
	room := min(MaxBatch-len(b.held), len(p.idle), 2*b.last+4)
	if room == 0 {
		return false
	}
	if p.muted > 0 && clock() < p.muted {
		return true
	}
	p.muted = 0
	for i := range room {
		b.bufs[i] = p.idle[len(p.idle)-1-i].Buf
	}
	n, err := p.link.Receive(b.bufs[:room], b.stamps[:room])
	s.note(p, &p.receiving, err)
	if err != nil {
		p.muted = clock() + linkPause
		return true
	}
	for i := range n {
		r := p.take()
		r.length, r.stamp, r.copied = len(b.bufs[i]), b.stamps[i], false
		b.held = append(b.held, r)
	}
	b.last = max(n, b.last/2) // several ports are looked at twice a turn
	p.counts.received.Add(uint64(n))
	return n < room
}

// gather receives on all ports and moves what may be admitted now into the turn,
// in the order in which the kernel received it. The frames of each port stay in
// order, whatever their stamps are.
//
// With several ports, a frame may arrive on one after it was looked at, and be
// older than a frame that is then fetched from another. So all ports are looked
// at twice. The frames of the first look are admitted, and those of the second
// look that are older than the newest of these; the rest waits for the next turn.
// If a port has more than was fetched, nothing newer than its last fetched frame
// is admitted either.
func (s *Server) gather() {
	t := &s.turn
	t.arrived = t.arrived[:0]
	if len(s.ports) == 1 {
		p := s.ports[0]
		s.fetch(p)
		s.lookAtClocks()
		for !p.inbox.empty() {
			t.arrived = append(t.arrived, p.inbox.pop())
		}
		return
	}
	limit, some := s.fetchAll()
	s.lookAtClocks()
	if some {
		s.merge(limit)
	}
}

// lookAtClocks reads the clocks, once a turn.
func (s *Server) lookAtClocks() {
	t := time.Now()
	now, real := t.Sub(epoch), t.UnixNano()
	s.ages.look(now, real)
	s.freezes.look(now, real)
	s.turn.began = now
}

// fetchAll receives on several ports. It returns whether there are frames, and
// the stamp up to which they may be admitted.
func (s *Server) fetchAll() (limit int64, some bool) {
	limit = math.MinInt64
	for _, p := range s.ports {
		p.inbox.more = !s.fetch(p)
		if !p.inbox.empty() {
			some = true
			limit = max(limit, p.inbox.newest())
		}
	}
	if !some {
		return limit, false
	}
	for _, p := range s.ports {
		if !p.inbox.more {
			p.inbox.more = !s.fetch(p)
		}
		if p.inbox.more && !p.inbox.empty() {
			limit = min(limit, p.inbox.newest())
		}
	}
	return limit, true
}

// merge moves frames from the ports' inboxes into the turn, the oldest first, up
// to those with the stamp limit. It moves at least one, because stamps may be
// wrong after the clock was set; and frames that were received before it was set
// back do not wait for it to catch up.
func (s *Server) merge(limit int64) {
	t := &s.turn
	for {
		var oldest *Port
		for _, p := range s.ports {
			if !p.inbox.empty() && (oldest == nil || p.inbox.next() < oldest.inbox.next()) {
				oldest = p
			}
		}
		if oldest == nil {
			return
		}
		if next := oldest.inbox.next(); next > limit && len(t.arrived) > 0 && !s.ages.ahead(next) {
			return
		}
		t.arrived = append(t.arrived, oldest.inbox.pop())
	}
}
