// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"vblade/internal/claim"
	"vblade/internal/control"
	"vblade/internal/macvlan"
)

// change makes the server serve an export in place of another one of its address.
// What can be checked is checked while that is served. If anything fails, it goes
// on being served, and the error says so.
func (a *application) change(e *control.Export, was control.Info) (*control.Answer, error) {
	before, own, err := a.prepare(e, was)
	if err != nil && was.State != control.NotServed {
		err = fmt.Errorf("%w; %s is served as before", err, was.Name)
	}
	if err != nil {
		return nil, err
	}
	answer, err := a.server.Change(e)
	if err != nil {
		return nil, a.goBack(own, was.Name, err)
	}
	if err := own.removeOthers(before); err != nil {
		a.log().Warnf("%s is changed, but: %v", was.Name, err)
	}
	return answer, nil
}

// prepare checks what can be checked before a change, and makes the interfaces of
// the export's own that it needs. before are those that it has.
func (a *application) prepare(e *control.Export, was control.Info) (before []macvlan.Interface, own *ownInterfaces, err error) {
	if err := checkNewLinks(e, &was); err != nil {
		return nil, nil, err
	}
	if before, err = interfacesOfServed(was); err != nil || len(before)+len(e.HWAddr) == 0 {
		return nil, nil, err
	}
	if _, err := a.server.Try(e, true); err != nil { // the addresses of interfaces are not changed in vain
		return nil, nil, err
	}
	if own, err = makeOwn(e, before, unclaimed(e)); err != nil {
		return nil, nil, err
	}
	if err := own.up(); err != nil {
		return nil, nil, own.undoFor(err)
	}
	return before, own, nil
}

// newLinks returns the links of an export that it is not served on yet. was is what
// the server serves at its address, or nil.
func newLinks(e *control.Export, was *control.Info) []string {
	if was == nil {
		return e.Links
	}
	return slices.DeleteFunc(slices.Clone(e.Links), func(link string) bool { return slices.Contains(was.Links, link) })
}

// checkNewLinks refuses new links that this host does not have, or where another
// process serves the export's address.
func checkNewLinks(e *control.Export, was *control.Info) error {
	links := newLinks(e, was)
	if err := findLinks(links); err != nil {
		return err
	}
	for _, link := range links {
		if err := claim.Ask(e.Name(), link); errors.As(err, new(*claim.HeldError)) {
			return err
		}
	}
	return nil
}

// How long the server may take to serve an export again whose interfaces have got
// their addresses back. It tries that every 5 seconds.
const (
	backWait = 10 * time.Second
	backLook = 100 * time.Millisecond
)

// goBack undoes what was made for a change that has failed with an error. If
// addresses of interfaces had changed, the server has waited for the old ones.
func (a *application) goBack(own *ownInterfaces, name string, err error) error {
	if undo := own.undo(); undo != nil {
		return fmt.Errorf("%w; moreover: %w", err, undo)
	}
	if own == nil || len(own.moved) == 0 || a.isServed(name) {
		return err
	}
	for late := time.Now().Add(backWait); time.Now().Before(late); time.Sleep(backLook) {
		if a.isServed(name) {
			return fmt.Errorf("%w; now its interfaces have their addresses again, and %s is served as before", err, name)
		}
	}
	return err
}

// isServed reports whether the server says that it serves an export.
func (a *application) isServed(name string) bool {
	now, err := a.server.Status(name)
	return err == nil && now.Exports[0].State != control.NotServed
}
