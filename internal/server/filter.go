// SPDX-License-Identifier: GPL-2.0-only

package server

import "vblade/internal/aoe"

// refilterStale updates the filters of links after edits of masks in this turn,
// before the edits are answered.
func (s *Server) refilterStale() {
	for _, p := range s.ports {
		if p.stale {
			s.refilter(p)
		}
	}
}

// refilter sets the filter of a port's link, so that it drops frames that are not
// for its exports. This only saves time: route decides which frames are accepted.
//
// A system may refuse a filter that is too long, or too long while the old one is
// still in place. Shorter filters pass more frames. The old one may exclude
// sources that the masks now admit.
func (s *Server) refilter(p *Port) {
	p.stale = false
	p.targets = p.targets[:0]
	for _, at := range p.list {
		e := at.export
		p.targets = append(p.targets, aoe.Target{Shelf: e.Shelf(), Slot: e.Slot(), Masks: e.Masks()})
	}
	p.program = aoe.ServerFilter(p.program[:0], p.targets)
	err := p.link.SetFilter(p.program)
	if err == nil {
		return
	}
	for limit := len(p.program) * 3 / 4; limit >= aoe.ShortestFilter; limit = limit * 3 / 4 {
		p.program = aoe.ServerFilterWithin(p.program[:0], p.targets, limit)
		if p.link.SetFilter(p.program) == nil {
			s.unfiltered(p, err, "vblade drops the other frames itself")
			return
		}
	}
	s.unfiltered(p, err, "it stays as it was")
}

// unfiltered logs, once, that a port's link refuses a filter.
func (s *Server) unfiltered(p *Port, err error, instead string) {
	if !p.refused {
		p.refused = true
		s.log.Warnf("%s: %v; %s", p.title(), err, instead)
	}
}
