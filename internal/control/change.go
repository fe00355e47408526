// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"errors"
	"fmt"

	"vblade/internal/journal"
)

// change ends the export of an entry, which is coming, and serves another in its
// place, whose disk it owns. What can be checked is checked before. If the other
// cannot be served, or the disk of the old one hangs, it serves the old one again.
// A crash meanwhile leaves the old one kept.
func (s *Server) change(now *entry, e *Export) (warning, err error) {
	old, err := s.prepare(now, e)
	if err != nil {
		s.table.settle(now, nil)
		e.Close()
		return nil, asBefore(e.Name(), err, nil)
	}
	files := e.files()
	ended := s.Engine.Remove(e.Name(), s.End)
	if err = ended; !errors.As(ended, new(unfinished)) {
		err = s.begin(e)
	}
	if err != nil {
		e.Close()
		return nil, asBefore(e.Name(), err, s.restore(now, old))
	}
	if ended != nil { // what was written last may be lost, whatever is served now
		s.Log.Warnf("%s is changed, but: %v", journal.Export(e.Name()), ended)
		e.remarks = append(e.remarks, fmt.Sprintf("%s is changed, but: %v", e.Name(), ended))
	}
	old.Close()
	warning = s.keep(e, files)
	s.table.renew(now, e, nil)
	return warning, nil
}

// unfinished is the error of an Engine's Remove while calls still use the disk.
type unfinished interface {
	error
	Done() <-chan struct{} // closed once they have ended
}

// prepare checks that e can replace the export of an entry, and returns a duplicate
// of that, to serve it again: the engine closes its disk.
func (s *Server) prepare(now *entry, e *Export) (old *Export, err error) {
	if err := s.checkAlone(e); err != nil {
		return nil, err
	}
	if old, err = now.duplicate(); err != nil {
		return nil, err
	}
	if err := e.inherit(old); err != nil {
		old.Close()
		return nil, err
	}
	return old, nil
}

// restore serves an export, whose disk it owns, again. One that cannot be served is
// tried again, as after a restart.
func (s *Server) restore(now *entry, old *Export) error {
	err := s.Engine.Add(*old)
	if err != nil {
		s.Log.Errorf("%s is not served again: %v; retrying", journal.Export(old.Name()), err)
	}
	s.table.renew(now, old, err)
	return err
}

// asBefore adds to the error of a change what is served now: the old export, or
// nothing because of an error.
func asBefore(name string, err, restored error) error {
	if restored != nil {
		return fmt.Errorf("%w; %s cannot be served as before either, which is tried again and again: %w", err, name, restored)
	}
	return fmt.Errorf("%w; %s is served as before", err, name)
}

// adopt sets the conf file of an entry, which is coming, to that of e, which
// exports the same and whose disk it owns. What is kept are the descriptors in use,
// because that of the state file has the lock.
func (s *Server) adopt(now *entry, e *Export) (warning error) {
	defer e.Close()
	served := *now.Export
	served.Conf = e.Conf
	warning = s.keep(&served, served.files())
	s.table.renew(now, &served, nil)
	return warning
}
