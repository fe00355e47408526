// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/control"
	"vblade/internal/journal"
	"vblade/internal/server"
)

// served is what an export occupies.
type served struct {
	address    aoe.Address
	export     control.Export // with the disk and the state file
	interfaces []string       // that it was added on
	links      []string       // that it is served on: those, or its own above them
	moves      bool           // it has interfaces with an address of its own
	claims     claims
}

// errLost is the error of an export that has lost its own interface, which this
// process cannot make again.
var errLost = errors.New("the interface is gone with the one below it; when that is there again, have vblade add make it: by the same command as before")

// Add serves an export, and then owns its disk.
func (s *site) Add(e control.Export) error {
	held, err := s.claim(e.Name(), e.Links)
	if err != nil {
		return err
	}
	err = s.add(e, held, errLost)
	if err != nil {
		held.release()
	}
	return err
}

// add is Add with the claims to the export's address, which Remove releases. If lost
// is not nil, it is the error of the export's own interfaces while they are gone.
func (s *site) add(e control.Export, held claims, lost error) error {
	kept, err := s.load(&e)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.exports[e.Name()] != nil {
		return fmt.Errorf("%s is served already", e.Name())
	}
	links := interfaceNames(&e)
	if len(e.HWAddr) == 0 {
		lost = nil
	}
	ports, err := s.take(links, lost)
	if err != nil {
		return err
	}
	err = s.checkAddresses(links, e.HWAddr)
	if err == nil {
		err = s.serveOn(ports, e, kept)
	}
	if err != nil {
		s.give(links)
		return err
	}
	one := &served{
		address: e.Address(),
		export:  e, interfaces: e.Links, links: links, moves: len(e.HWAddr) > 0, claims: held,
	}
	s.exports[e.Name()] = one
	s.warnOfLinks(links)
	s.lookFor(one)
	return nil
}

// serveOn has the server serve an export on ports, with the state that was kept.
func (s *site) serveOn(ports []*server.Port, e control.Export, kept *blade.State) error {
	b := blade.New(e.Disk, blade.Config{
		Shelf: e.Shelf, Slot: e.Slot, Buffers: e.Buffers, Masks: e.Masks,
		Serial: e.Serial, Host: s.name, Label: e.Filename, Kept: kept,
	})
	options := server.Options{Announce: cmp.Or(e.Announce, s.announce)}
	if e.State != nil {
		options.Keeper = e.State
	}
	if e.FailStop {
		options.Failed = func(err error) { s.gone <- diskGone{e.Name(), e.Disk, err} }
	}
	s.conf(e.Name(), e.Conf)
	err := s.server.AddWith(b, options, ports...)
	if err != nil {
		s.conf(e.Name(), "")
	}
	return err
}

// Remove ends an export, within a time limit, as server.Server.Remove does.
func (s *site) Remove(name string, within time.Duration) error {
	s.mu.Lock()
	e := s.exports[name]
	if e != nil {
		delete(s.exports, name)
		s.rivals.forget(e.address)
	}
	s.mu.Unlock()
	if e == nil {
		return fmt.Errorf("%s is not served here", name)
	}
	defer e.claims.release() // requests that hang are not answered any more
	defer s.conf(name, "")
	err := s.server.Remove(name, within)
	var unfinished server.UnfinishedError
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.As(err, &unfinished):
		s.hanging++ // calls use the disk, and buffers of the links
		if e.export.State != nil && !unfinished.Saves() {
			e.export.State.Close() // it may be added again
			e.export.State = nil
		}
		go s.finish(e, unfinished.Done())
		return err
	case errors.Is(err, server.ErrEnded):
		s.undone = true
		return err
	}
	if closed := s.release(e); err == nil {
		err = closed
	}
	return err
}

// finish completes a removal that has timed out, once ended says that the calls that
// hung have ended.
func (s *site) finish(e *served, ended <-chan struct{}) {
	<-ended
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hanging--
	if err := s.release(e); err != nil {
		s.log.Warnf("%s: the calls that hung when it was removed have ended, but: %v", journal.Export(e.export.Name()), err)
		return
	}
	s.log.Infof("%s: the calls that hung when it was removed have ended, and its disk is closed", journal.Export(e.export.Name()))
}

// release gives up what a removed export has occupied. The caller holds s.mu.
func (s *site) release(e *served) error {
	s.give(e.links)
	return e.export.Close()
}
