// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"slices"
	"strings"

	"vblade/internal/control"
	"vblade/internal/statefile"
)

// bringAndSay makes the server serve the export of a conf file, and prints what
// was done.
func (a *application) bringAndSay(o options) error {
	e, err := a.open(o)
	if err != nil {
		return err
	}
	defer e.Close()
	answer, err := a.bring(o, e, true)
	if err != nil {
		return err
	}
	if answer.Did != control.Kept {
		a.say(e.Name(), string(answer.Did), fmt.Sprintf("%s on %s, by %s", e.Filename, strings.Join(e.Links, ","), e.Conf))
	}
	return nil
}

// open opens what a conf file describes. Its error says what the server serves from
// that file.
func (a *application) open(o options) (*control.Export, error) {
	e, err := openForServer(o)
	if err == nil {
		return e, nil
	}
	for _, was := range a.served {
		if was.Conf == o.conf {
			err = fmt.Errorf("%w; %s is served as before", err, was.Name)
		}
	}
	return nil, err
}

// bring makes the server serve the export of a conf file. An export from that
// file with another address ends. An export with this address that is not from
// the file is changed only if the file may take it over.
func (a *application) bring(o options, e *control.Export, takeOver bool) (*control.Answer, error) {
	if err := a.openState(o, e); err != nil {
		return nil, err
	}
	r := replacement{e: e, at: a.find(e.Name())}
	r.change = r.at != nil && (r.at.Conf == e.Conf || takeOver)
	if err := a.findFormer(&r); err != nil {
		return nil, err
	}
	answer, err := a.put(r)
	if err != nil {
		return nil, err
	}
	if r.former != nil {
		a.noteRemoved(*r.former, r.whyMoved())
	}
	a.forget(e.Name())
	a.served = append(a.served, control.Info{Name: e.Name(), Conf: e.Conf})
	if !a.dryRun && answer.Did != control.Kept {
		warnOfExport(o, a.console, e, answer)
	}
	return answer, nil
}

// openState opens the state file of an export; a dry run makes none.
func (a *application) openState(o options, e *control.Export) (err error) {
	if a.dryRun {
		e.State, err = o.findState(statefile.DefaultDir)
		return err
	}
	return openStateFor(e, a.server, o, a.console)
}

// findFormer finds the export from the conf file of r.e that has another address. If
// there are more, they end. What can be checked of r.e is checked before.
func (a *application) findFormer(r *replacement) error {
	for _, x := range slices.Clone(a.served) {
		if x.Conf != r.e.Conf || x.Name == r.e.Name() {
			continue
		}
		if _, err := a.try(*r); err != nil {
			return fmt.Errorf("%w; %s is served as before", err, x.Name)
		}
		if r.former == nil {
			r.former = &x
		} else if err := a.remove(x, r.whyMoved()); err != nil {
			return err
		}
	}
	return nil
}

// put makes the server serve an export; a dry run only asks whether it can.
func (a *application) put(r replacement) (*control.Answer, error) {
	switch {
	case a.dryRun:
		return a.try(r)
	case !r.change && r.former == nil:
		return addWithOwn(r.e, a.server)
	}
	return a.replace(r)
}

// try checks what can be checked of what put would do. In a dry run the server still
// has what would be removed by now.
func (a *application) try(r replacement) (*control.Answer, error) {
	if !a.dryRun {
		if err := checkNewLinks(r.e, r.at); err != nil {
			return nil, err
		}
		return a.server.Try(r.e, r.change)
	}
	if err := findLinks(newLinks(r.e, r.at)); err != nil {
		return nil, err
	}
	return a.server.Try(r.e, true)
}

// remove ends an export, and says why.
func (a *application) remove(e control.Info, why string) error {
	if !a.dryRun {
		if err := removeExport(e.Name, a.console, a.server); err != nil {
			return err
		}
	}
	a.noteRemoved(e, why)
	return nil
}

// noteRemoved notes that an export has ended, and says why.
func (a *application) noteRemoved(e control.Info, why string) {
	a.forget(e.Name)
	a.say(e.Name, "removed", why)
}

// find returns the export that is served at an address, or nil.
func (a *application) find(name string) *control.Info {
	for _, e := range a.served {
		if e.Name == name {
			return &e
		}
	}
	return nil
}

// forget notes that an address is not served any more.
func (a *application) forget(name string) {
	a.served = slices.DeleteFunc(a.served, func(e control.Info) bool { return e.Name == name })
}
