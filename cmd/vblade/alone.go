// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	"vblade/internal/control"
	"vblade/internal/initiator"
)

// How an --exclusive export looks for other targets before it is served: several
// times, because a question or its answer may be lost, and how long it is
// repeated each time.
const (
	aloneLooks = 2
	aloneWait  = 500 * time.Millisecond
)

// CheckAlone refuses an export whose address another target serves already on any
// of its links. An answer from our own MAC counts, too, unless the export is served
// now, to be changed, and has heard the question. A link that carries no frames
// cannot be checked; at least one must be.
func (s *site) CheckAlone(e control.Export) error {
	found := make(chan error, len(e.Links))
	own := s.ownOf(e.Name())
	for _, name := range e.Links {
		ini, err := initiator.Open(name, initiator.Options{Sleep: true})
		if err != nil {
			found <- err
			continue
		}
		go func() {
			defer ini.Close()
			found <- s.checkAlone(ini, name, e, own)
		}()
	}
	var errs []error
	var refused error
	for range e.Links {
		err := <-found
		if errors.As(err, new(rivalError)) {
			refused = err
		} else if err != nil {
			errs = append(errs, err)
		}
	}
	switch {
	case refused != nil:
		return refused
	case len(errs) == len(e.Links):
		return fmt.Errorf("%s is not served, because it is not known whether another target serves it (--exclusive): %w", e.Name(), errs[0])
	}
	return nil
}

// ownOf returns the links that an export is served on now.
func (s *site) ownOf(name string) []ownLink {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.exports[name]; e != nil {
		return s.own(e.links)
	}
	return nil
}

// checkAlone is CheckAlone for one link. The export is served now on links of our
// own.
func (s *site) checkAlone(ini *initiator.Initiator, link string, e control.Export, own []ownLink) error {
	for range aloneLooks {
		targets, err := ini.Ask(e.Address(), aloneWait, 1+len(own))
		if err != nil {
			return err
		}
		for _, t := range targets {
			if !isOwn(t, own, s.server) {
				return rivalError{e.Name(), net.HardwareAddr(t.MAC[:]).String(), link}
			}
		}
	}
	return nil
}

// rivalError is the error of an --exclusive export that another target serves.
type rivalError struct{ name, mac, link string }

// Error says which target serves it.
func (r rivalError) Error() string {
	return fmt.Sprintf("%s is served by %s already, as an answer on %s says (--exclusive); end that first, or give another shelf or slot",
		r.name, r.mac, r.link)
}
