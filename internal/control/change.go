// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"fmt"

	"vblade/internal/journal"
)

// change ends the export of an entry, which is coming, and serves another in its
// place, whose disk it owns. If that cannot be served, it serves the old one
// again.
func (s *Server) change(now *entry, e *Export) (warning, err error) {
	old, err := now.duplicate() // to serve it again: the engine closes its disk
	if err == nil {
		if err = e.inherit(old); err != nil {
			old.Close()
		}
	}
	if err != nil {
		s.table.settle(now, nil)
		e.Close()
		return nil, err
	}
	s.drop(now)
	if err := s.Engine.Remove(e.Shelf, e.Slot, s.End); err != nil {
		// Requests that hang may still write to the disk, which may be the same.
		s.table.forget(now)
		closeDisks([]*Export{old, e})
		return nil, fmt.Errorf("%s is removed, and not served again: %w", e.Name(), err)
	}
	files := e.files()
	if err := s.begin(e); err != nil {
		e.Close()
		s.restore(now, old)
		return nil, fmt.Errorf("%w; %s is served as before", err, e.Name())
	}
	old.Close()
	warning = s.keep(e, files)
	s.table.renew(now, e, nil)
	return warning, nil
}

// restore serves an export, whose disk it owns, again. One that cannot be served is
// tried again, as after a restart.
func (s *Server) restore(now *entry, old *Export) {
	files := old.files()
	err := s.Engine.Add(*old)
	if err != nil {
		s.Log.Errorf("%s is not served again: %v; retrying", journal.Export(old.Name()), err)
	}
	s.keep(old, files)
	s.table.renew(now, old, err)
}

// adopt sets the conf file of an entry, which is coming, to that of e, which
// exports the same and whose disk it owns. What is kept are the descriptors in use,
// because that of the state file has the lock.
func (s *Server) adopt(now *entry, e *Export) (warning error) {
	defer e.Close()
	served := *now.Export
	served.Conf = e.Conf
	s.drop(now)
	warning = s.keep(&served, served.files())
	s.table.renew(now, &served, nil)
	return warning
}
