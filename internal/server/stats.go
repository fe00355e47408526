// SPDX-License-Identifier: GPL-2.0-only

package server

import "vblade/internal/stats"

// Stats returns what was counted. It holds nobody up: requests answered
// meanwhile may be counted in some of the figures and not yet in others.
func (s *Server) Stats() stats.Server {
	var all stats.Server
	for _, b := range s.exports {
		all.Exports = append(all.Exports, b.stats())
	}
	all.Links = append(all.Links, s.port.stats())
	return all
}

// stats returns what was counted of the export.
func (b *export) stats() stats.Export {
	var n [events]uint64
	e := stats.Export{Shelf: b.Shelf(), Slot: b.Slot(), InFlight: b.counts.inFlight.Load()}
	for _, c := range []*counters{&b.counts.led, &b.counts.crew} {
		for i := range n {
			n[i] += c.n[i].Load()
		}
		e.Service.Add(&c.service)
	}
	e.Reads, e.ReadBytes = n[readsDone], n[readBytes]
	e.Writes, e.WriteBytes = n[writesDone], n[writeBytes]
	e.Flushes, e.Masked = n[flushesDone], n[masked]
	copy(e.Errors[:], n[faulted:])
	return e
}

// stats returns what was counted of the link. If it does not say what it
// dropped, what it said last stands.
func (p *port) stats() stats.Link {
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
