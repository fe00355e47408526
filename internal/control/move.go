// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"fmt"

	"vblade/internal/journal"
)

// put serves an export, whose disk it owns, as a request says: beside the others, or
// in place of one.
func (s *Server) put(e *Export, r *request) (did Outcome, warning, err error) {
	if r.Name == "" {
		return s.add(e, r.Change)
	}
	return s.move(e, r.Name, r.Change)
}

// move serves an export, whose disk it owns, as add does, and ends one of another
// address. If the first cannot be served, or the disk of the other hangs, the other
// is served again. A crash meanwhile leaves one of them kept, or both.
func (s *Server) move(e *Export, from string, change bool) (did Outcome, warning, err error) {
	now, was, err := s.leave(from, e, change)
	if err != nil {
		e.Close()
		return "", nil, err
	}
	if was == serving {
		did, warning, err = s.moveServed(now, e, change)
	} else if did, warning, err = s.add(e, change); err != nil {
		s.table.stay(now, was)
	} else if was == failed {
		now.Close()
	}
	if err != nil {
		return "", nil, err
	}
	s.drop(now)
	s.table.forget(now)
	return did, warning, nil
}

// leave marks the export of a name as going, if add may serve e, and returns it with
// its previous state.
func (s *Server) leave(name string, e *Export, change bool) (*entry, state, error) {
	if _, err := s.table.decide(e, change); err != nil {
		return nil, going, err
	}
	return s.table.depart(name)
}

// moveServed is move from an export that is served.
func (s *Server) moveServed(now *entry, e *Export, change bool) (did Outcome, warning, err error) {
	old, err := now.duplicate()
	if err != nil {
		s.table.stay(now, serving)
		e.Close()
		return "", nil, asBefore(now.Name(), err, nil)
	}
	ended := s.Engine.Remove(now.Name(), s.End)
	if err = ended; errors.As(err, new(unfinished)) {
		e.Close()
	} else {
		did, warning, err = s.add(e, change)
	}
	if err != nil {
		return "", nil, asBefore(now.Name(), err, s.restore(now, old))
	}
	old.Close()
	if ended != nil { // what was written last may be lost, whatever is served now
		s.Log.Warnf("%s is removed, but: %v", journal.Export(now.Name()), ended)
		e.remarks = append(e.remarks, fmt.Sprintf("%s is removed, but: %v", now.Name(), ended))
	}
	return did, warning, nil
}
