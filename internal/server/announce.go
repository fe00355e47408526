// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Announce advertises an export, or with an empty name every one, as Add does. It
// returns the links that carry no frames, and why; on those the advertisement
// waits for the link.
func (s *Server) Announce(name string) (waiting []string, err error) {
	var refused error
	err = s.ask(func() {
		ports := s.ports
		if name != "" {
			e := s.find(name)
			if e == nil {
				refused = errNotServed(name)
				return
			}
			ports = e.ports
			s.announce(e)
		}
		for _, p := range ports {
			switch {
			case p.told.down != "":
				waiting = append(waiting, p.link.Name()+": "+p.told.down)
			case name == "":
				s.advertiseAll(p)
			}
		}
	})
	if err == nil {
		err = refused
	}
	return waiting, err
}

// repeat begins to advertise an export in intervals, if that was asked for. The
// leader calls it, or the goroutine that starts the server.
func (s *Server) repeat(e *export) {
	if e.interval == 0 {
		return
	}
	again := func() {
		if e.interval > 0 {
			s.announce(e)
			e.repeater.Reset(e.interval)
		}
	}
	e.repeater = time.AfterFunc(rand.N(e.interval), func() { s.tell(again) })
}

// endRepeating ends what repeat has begun. Leader only.
func (e *export) endRepeating() {
	e.interval = 0
	if e.repeater != nil {
		e.repeater.Stop()
	}
}

// announce advertises an export on its ports whose links carry frames. Leader
// only.
func (s *Server) announce(e *export) {
	for _, p := range e.ports {
		at := p.exports[e.key()]
		if at == nil || at.export != e || p.told.down != "" || slices.Contains(p.chores.unsaid, e) {
			continue
		}
		p.chores.unsaid = append(p.chores.unsaid, e)
		s.chores = true
	}
}

// find returns the export of a name, or nil. Leader only.
func (s *Server) find(name string) *export {
	i := slices.IndexFunc(s.exports, func(e *export) bool { return e.Name() == name })
	if i < 0 {
		return nil
	}
	return s.exports[i]
}

// errNotServed is the error of a name without an export.
func errNotServed(name string) error { return fmt.Errorf("%s is not served here", name) }
