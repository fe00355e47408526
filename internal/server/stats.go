// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"vblade/internal/ata"
	"vblade/internal/stats"
)

// snapshot is the ports and exports, for goroutines other than the leader. It is
// never modified, only replaced.
type snapshot struct {
	ports   []*Port
	exports []*export
}

// publish replaces the snapshot.
func (s *Server) publish() {
	s.snapshot.Store(&snapshot{
		ports:   append([]*Port(nil), s.ports...),
		exports: append([]*export(nil), s.exports...),
	})
}

// Stats returns the counters. It does not stop the server: requests answered
// meanwhile may be counted in some figures and not yet in others.
func (s *Server) Stats() stats.Server {
	var all stats.Server
	now := s.snapshot.Load()
	oldest := s.oldest()
	all.Exports = make([]stats.Export, 0, len(now.exports))
	for _, e := range now.exports {
		one := e.stats()
		if w, waits := oldest[e]; waits {
			one.Oldest = w.age()
		}
		all.Exports = append(all.Exports, one)
	}
	for _, p := range now.ports {
		all.Links = append(all.Links, p.stats())
	}
	return all
}

// stats returns the counters and the condition of the export.
func (e *export) stats() stats.Export {
	var n [events]uint64
	one := stats.Export{
		Shelf:       e.Shelf(),
		Slot:        e.Slot(),
		Disk:        e.Label(),
		Bytes:       e.disk.Sectors() * ata.SectorSize,
		ReadOnly:    e.disk.ReadOnly(),
		InFlight:    int64(e.flying.Load()),
		Failing:     e.health.failing.Load(),
		Hanging:     e.health.hung.Load() || e.keeping.late.Load(),
		FlushFailed: e.health.lost.Load(),
		Rivals:      e.rivalry.count(),
		Service:     e.counts.service,
		Initiators:  int(e.initiators.known.Load()),
		Recent:      e.lately(),
	}
	for _, p := range e.ports {
		one.Links = append(one.Links, p.link.Name())
	}
	for _, c := range []*counters{&e.counts.led, &e.counts.crew} {
		for i := range n {
			n[i] += c.n[i].Load()
		}
	}
	one.Reads, one.ReadBytes = n[readsDone], n[readBytes]
	one.Writes, one.WriteBytes = n[writesDone], n[writeBytes]
	one.Flushes, one.Masked, one.Shed = n[flushesDone], n[masked], n[shed]
	one.Repeated = n[repeated]
	copy(one.Errors[:], n[faulted:])
	return one
}

// stats returns the counters and the condition of the link. If the link does not
// tell its drops, the last value is used.
func (p *Port) stats() stats.Link {
	dropped, _ := p.link.Drops()
	late := p.link.Unsent()
	one := stats.Link{
		Name:     p.link.Name(),
		Received: p.counts.received.Load(),
		Ignored:  p.counts.ignored.Load(),
		Sent:     p.counts.sent.Load() - late,
		Unsent:   p.counts.unsent.Load() + late,
		Dropped:  dropped,
		Stale:    p.counts.stale.Load(),
	}
	one.Receive, one.WhyReceive = p.link.ReceiveWay()
	one.Send, one.WhySend = p.link.SendWay()
	if err := p.link.Down(); err != nil {
		one.Down = err.Error()
	}
	return one
}
