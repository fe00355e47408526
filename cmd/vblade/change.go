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

// replacement is an export that a server is to serve in place of others.
type replacement struct {
	e      *control.Export
	at     *control.Info // what is served at its address; nil for nothing
	change bool          // e replaces that
	former *control.Info // another that ends, from the same conf file; nil for none
}

// whyMoved says why the former export ends.
func (r replacement) whyMoved() string { return "now " + r.e.Name() + " by " + r.e.Conf }

// old returns the exports that e replaces.
func (r replacement) old() []*control.Info {
	var all []*control.Info
	if r.change {
		all = append(all, r.at)
	}
	if r.former != nil {
		all = append(all, r.former)
	}
	return all
}

// replace makes the server serve an export in place of others. What can be checked is
// checked while those are served. If anything fails, they go on being served, and the
// error says so.
func (a *application) replace(r replacement) (*control.Answer, error) {
	before, own, err := a.prepare(r)
	if err != nil {
		for _, was := range r.old() {
			if was.State != control.NotServed {
				err = fmt.Errorf("%w; %s is served as before", err, was.Name)
			}
		}
		return nil, err
	}
	var answer *control.Answer
	if r.former == nil {
		answer, err = a.server.Change(r.e)
	} else {
		answer, err = a.server.Move(r.e, r.former.Name, r.change)
	}
	if err != nil {
		return nil, a.goBack(own, r, err)
	}
	if err := own.removeOthers(before); err != nil {
		a.log().Warnf("%s is changed, but: %v", r.e.Name(), err)
	}
	return answer, nil
}

// prepare checks what can be checked before others are replaced, and makes the
// interfaces of the export's own that it needs. before are those that the others have.
func (a *application) prepare(r replacement) (before []macvlan.Interface, own *ownInterfaces, err error) {
	if err := checkNewLinks(r.e, r.at); err != nil {
		return nil, nil, err
	}
	for _, was := range r.old() {
		has, err := interfacesOfServed(*was)
		if err != nil {
			return nil, nil, err
		}
		before = append(before, has...)
	}
	if len(before)+len(r.e.HWAddr) == 0 {
		return nil, nil, nil
	}
	if _, err := a.server.Try(r.e, r.change); err != nil { // the addresses of interfaces are not changed in vain
		return nil, nil, err
	}
	if own, err = makeOwn(r.e, before, unclaimed(r.e)); err != nil {
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

// goBack undoes what was made for a replacement that has failed with an error. If
// addresses of interfaces had changed, the server has waited for the old ones.
func (a *application) goBack(own *ownInterfaces, r replacement, err error) error {
	if undo := own.undo(); undo != nil {
		return fmt.Errorf("%w; moreover: %w", err, undo)
	}
	if own == nil || len(own.moved) == 0 {
		return err
	}
	for _, was := range r.old() {
		if !a.isServed(was.Name) && a.awaitServed(was.Name) {
			err = fmt.Errorf("%w; now its interfaces have their addresses again, and %s is served as before", err, was.Name)
		}
	}
	return err
}

// awaitServed waits until the server serves an export, and reports whether it does.
func (a *application) awaitServed(name string) bool {
	for late := time.Now().Add(backWait); time.Now().Before(late); time.Sleep(backLook) {
		if a.isServed(name) {
			return true
		}
	}
	return false
}

// isServed reports whether the server says that it serves an export.
func (a *application) isServed(name string) bool {
	now, err := a.server.Status(name)
	return err == nil && now.Exports[0].State != control.NotServed
}
