// SPDX-License-Identifier: GPL-2.0-only

package server

import "vblade/internal/stats"

// snapshot is the ports and exports that there are, for those who are not the
// leader. It does not change; another one takes its place.
type snapshot struct {
	ports   []*Port
	exports []*export
}

// publish makes the ports and exports known that there are now.
func (s *Server) publish() {
	s.snapshot.Store(&snapshot{
		ports:   append([]*Port(nil), s.ports...),
		exports: append([]*export(nil), s.exports...),
	})
}

// Stats returns what was counted. It holds nobody up: requests answered
// meanwhile may be counted in some of the figures and not yet in others.
func (s *Server) Stats() stats.Server {
	var all stats.Server
	now := s.snapshot.Load()
	oldest := s.oldest()
	for _, e := range now.exports {
		one := e.stats()
		if w, waits := oldest[e]; waits {
			one.Oldest = clock() - w.arrived
		}
		all.Exports = append(all.Exports, one)
	}
	for _, p := range now.ports {
		all.Links = append(all.Links, p.stats())
	}
	return all
}

// stats returns what was counted of the export.
func (e *export) stats() stats.Export {
	var n [events]uint64
	one := stats.Export{Shelf: e.Shelf(), Slot: e.Slot(), InFlight: int64(e.flying.Load())}
	for _, c := range []*counters{&e.counts.led, &e.counts.crew} {
		for i := range n {
			n[i] += c.n[i].Load()
		}
		one.Service.Add(&c.service)
	}
	one.Reads, one.ReadBytes = n[readsDone], n[readBytes]
	one.Writes, one.WriteBytes = n[writesDone], n[writeBytes]
	one.Flushes, one.Masked, one.Shed = n[flushesDone], n[masked], n[shed]
	copy(one.Errors[:], n[faulted:])
	return one
}

// stats returns what was counted of the link. If it does not say what it
// dropped, what it said last stands.
func (p *Port) stats() stats.Link {
	dropped, _ := p.link.Drops()
	return stats.Link{
		Name:     p.link.Name(),
		Received: p.counts.received.Load(),
		Ignored:  p.counts.ignored.Load(),
		Sent:     p.counts.sent.Load(),
		Unsent:   p.counts.unsent.Load(),
		Dropped:  dropped,
	}
}
