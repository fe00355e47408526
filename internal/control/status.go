// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"strings"

	"vblade/internal/stats"
)

// status answers a request for the status of the export of a name, or of all without
// one.
func (s *Server) status(wanted string) *reply {
	all, err := s.table.status(wanted)
	answer := s.reply(err)
	if err != nil {
		return answer
	}
	now := s.Engine.Stats()
	down := make(map[string]bool)
	for i := range now.Links {
		down[now.Links[i].Name] = now.Links[i].Down != ""
	}
	measured := make(map[string]*stats.Export, len(now.Exports))
	for i := range now.Exports {
		e := &now.Exports[i]
		measured[e.Name()] = e
	}
	for i := range all {
		if e := measured[all[i].Name]; e != nil {
			all[i].measure(e, down)
		}
	}
	answer.Exports = all
	if wanted == "" {
		answer.Interfaces = linksOf(now.Links, nil)
	} else if e := measured[wanted]; e != nil {
		answer.Interfaces = linksOf(now.Links, e)
		if u, err := s.Engine.Users(wanted); err == nil { // otherwise it was just removed
			all[0].Users = usersOf(&u)
		}
	}
	return answer
}

// status returns the status of the export of a name, or of all without one.
func (t *table) status(name string) ([]status, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if name == "" {
		var all []status
		for _, e := range t.sorted() {
			all = append(all, e.status())
		}
		return all, nil
	}
	e := t.entries[name]
	if e == nil {
		return nil, notServed(name)
	}
	return []status{e.status()}, nil
}

// status returns the status of the entry.
func (e *entry) status() status {
	s := status{parameters: *e.parameters(), Name: e.Name(), Sectors: e.sectors(), State: e.state.shown()}
	if e.trouble != nil {
		s.Trouble = e.trouble.Error()
	} else if err := e.busy(); err != nil {
		s.Trouble = strings.TrimSuffix(err.Error(), "; "+errAgain.Error())
	}
	return s
}

// shown returns the State for an entry in this state.
func (s state) shown() State {
	switch s {
	case coming:
		return Starting
	case serving:
		return Up
	case going:
		return Draining
	}
	return NotServed
}
