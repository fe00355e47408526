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

// How an export that is to be alone looks for others before it is served: so many
// times, since a question or its answer may be lost, and so long each time.
const (
	aloneLooks = 2
	aloneWait  = 500 * time.Millisecond
)

// CheckAlone refuses an export whose address another target serves already, on any of
// its links: whoever answers, from our own address too, since the export is not served
// yet. Of a link that carries no frames nobody can say; one of them must.
func (s *site) CheckAlone(e control.Export) error {
	found := make(chan error, len(e.Links))
	for _, name := range e.Links {
		ini, err := initiator.Open(name, initiator.Options{Sleep: true})
		if err != nil {
			found <- err
			continue
		}
		go func() {
			defer ini.Close()
			found <- checkAlone(ini, name, e)
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
		return fmt.Errorf("%s is not served, since nobody can say whether others serve it (--exclusive): %w", e.Name(), errs[0])
	}
	return nil
}

// checkAlone is CheckAlone for one link.
func checkAlone(ini *initiator.Initiator, link string, e control.Export) error {
	for range aloneLooks {
		targets, err := ini.Ask(e.Shelf, e.Slot, aloneWait, 1)
		if err != nil {
			return err
		}
		if len(targets) > 0 {
			return rivalError{e.Name(), net.HardwareAddr(targets[0].MAC[:]).String(), link}
		}
	}
	return nil
}

// rivalError is the error of an export that is to be alone and is not.
type rivalError struct{ name, mac, link string }

// Error says who serves it.
func (r rivalError) Error() string {
	return fmt.Sprintf("%s is served by %s already, as an answer on %s says (--exclusive); end that first, or give another shelf or slot",
		r.name, r.mac, r.link)
}
