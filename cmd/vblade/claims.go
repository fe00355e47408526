// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"

	"vblade/internal/claim"
	"vblade/internal/control"
)

// claims are an export's claims to its address, on its links.
type claims []*claim.Claim

// claim claims an export's address on links. Its error says who serves it already;
// where that is not certain, the log says so.
func (s *site) claim(name string, links []string) (held claims, err error) {
	for _, link := range links {
		c, err := claim.Take(name, link)
		if errors.As(err, new(*claim.HeldError)) {
			held.release()
			return nil, err
		}
		if err != nil {
			s.log.Warnf("%s: %v", name, err)
			continue
		}
		held = append(held, c)
	}
	return held, nil
}

// release gives the claims up.
func (c claims) release() {
	for _, held := range c {
		held.Release()
	}
}

// checkUnclaimed refuses to have a server serve what another process serves: the
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

// unclaimed tells whether certainly no process serves an export's address on its links.
func unclaimed(e *control.Export) bool {
	for _, link := range e.Links {
		if claim.Ask(e.Name(), link) != nil {
			return false
		}
	}
	return true
}

// serves tells whether the server has an export of this name, or may have.
func serves(server control.Client, name string) bool {
	answer, err := server.Status("")
	if err != nil {
		return true // asked again, it says what is wrong
	}
	for _, e := range answer.Exports {
		if e.Name == name {
			return true
		}
	}
	return false
}
