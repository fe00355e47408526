// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"

	"vblade/internal/claim"
	"vblade/internal/control"
	"vblade/internal/journal"
)

// claims are an export's claims to its address, on its links.
type claims []*claim.Claim

// claim claims an export's address on links. Its error says which process serves
// it already; if that is not certain, it only logs that.
func (s *site) claim(name string, links []string) (held claims, err error) {
	for _, link := range links {
		c, err := claim.Take(name, link)
		if errors.As(err, new(*claim.HeldError)) {
			held.release()
			return nil, err
		}
		if err != nil {
			s.log.Warnf("%s: %v", journal.Export(name), err)
			continue
		}
		held = append(held, c)
	}
	return held, nil
}

// release releases the claims.
func (c claims) release() {
	for _, held := range c {
		held.Release()
	}
}

// checkUnclaimed returns an error if another process serves the export. The
// server itself is confined and cannot tell.
func checkUnclaimed(e *control.Export, server control.Client) error {
	for _, link := range e.Links {
		err := claim.Ask(e.Name(), link)
		if errors.As(err, new(*claim.HeldError)) && !serves(server, e.Name()) {
			return err
		}
	}
	return nil
}

// unclaimed reports whether it is certain that no process serves an export's
// address on its links.
func unclaimed(e *control.Export) bool {
	for _, link := range e.Links {
		if claim.Ask(e.Name(), link) != nil {
			return false
		}
	}
	return true
}

// serves reports whether the server has, or may have, an export of this name.
func serves(server control.Client, name string) bool {
	answer, err := server.Status("")
	if err != nil {
		return true // the next request will tell what is wrong
	}
	for _, e := range answer.Exports {
		if e.Name == name {
			return true
		}
	}
	return false
}
