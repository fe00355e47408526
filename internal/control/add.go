// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"fmt"
	"os"

	"vblade/internal/journal"
)

// add serves an export, whose disk it owns, or changes the one with its address
// to it. Adding the same again is no error.
func (s *Server) add(e *Export, change bool) (did Outcome, warning, err error) {
	now, old, did, err := s.table.arrive(e, change)
	switch {
	case err != nil:
		e.Close()
		return "", nil, err
	case did == Kept:
		e.Close()
		return Kept, nil, nil
	case did == adopted:
		return Kept, s.adopt(now, e), nil
	case did == Changed:
		warning, err = s.change(now, e)
		return did, warning, err
	}
	if old != nil && old.state == failed { // its files are open
		err = e.inherit(old.Export)
	}
	if err == nil {
		err = s.checkAlone(e)
	}
	files := e.files() // before the engine owns the disk
	if err == nil {
		err = s.begin(e)
	}
	if err != nil {
		s.table.withdraw(now, old)
		e.Close()
		return "", nil, err
	}
	if old != nil {
		old.Close()
	}
	warning = s.keep(e, files)
	s.table.settle(now, nil)
	return did, warning, nil
}

// checkAlone refuses an export that is exclusive if another target has its
// address.
func (s *Server) checkAlone(e *Export) error {
	if !e.Exclusive {
		return nil
	}
	return s.Engine.CheckAlone(*e)
}

// serve makes the engine serve an export that checkAlone does not refuse.
func (s *Server) serve(e *Export) error {
	if err := s.checkAlone(e); err != nil {
		return err
	}
	return s.Engine.Add(*e)
}

// remove ends an export.
func (s *Server) remove(name string) error {
	e, was, err := s.table.depart(name)
	if err != nil {
		return err
	}
	defer s.table.forget(e)
	if was == gone {
		return nil
	}
	s.drop(e)
	if was == failed {
		return e.Close()
	}
	if err := s.Engine.Remove(e.Name(), s.End); err != nil {
		return fmt.Errorf("%s is removed, but: %w", name, err)
	}
	return nil
}

// keep makes the Keeper, if there is one, keep an export. It logs its error and
// returns it as a warning.
func (s *Server) keep(e *Export, files []*os.File) error {
	if s.Keeper == nil {
		return nil
	}
	encoded, err := e.Encode()
	if err == nil {
		err = s.Keeper.Keep(e.Name(), encoded, files)
	}
	if err != nil {
		s.Log.Warnf("%s is served, but will be lost in a restart: %v", journal.Export(e.Name()), err)
	}
	return err
}

// drop makes the Keeper, if there is one, forget an export.
func (s *Server) drop(e *entry) {
	if s.Keeper == nil {
		return
	}
	if err := s.Keeper.Drop(e.Name()); err != nil {
		s.Log.Warnf("%s will come back after a restart: %v", journal.Export(e.Name()), err)
	}
}
