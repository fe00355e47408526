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
	e, err := openForServer(o)
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

// bring makes the server serve the export of a conf file. An export from that
// file with another address ends. An export with this address that is not from
// the file is changed only if the file may take it over.
func (a *application) bring(o options, e *control.Export, takeOver bool) (*control.Answer, error) {
	if err := a.removeFormer(e); err != nil {
		return nil, err
	}
	was := a.find(e.Name())
	a.forget(e.Name())
	a.served = append(a.served, control.Info{Name: e.Name(), Conf: e.Conf})
	if a.dryRun {
		var err error
		if e.State, err = o.findState(statefile.DefaultDir); err != nil {
			return nil, err
		}
		return a.server.Try(e)
	}
	if err := openStateFor(e, a.server, o, a.console); err != nil {
		return nil, err
	}
	answer, err := a.put(e, was, takeOver)
	if err == nil && answer.Did != control.Kept {
		warnOfExport(o, a.console, e, answer)
	}
	return answer, err
}

// removeFormer ends exports from the conf file of e that have another address. What
// can be checked of e is checked before.
func (a *application) removeFormer(e *control.Export) error {
	for _, x := range slices.Clone(a.served) {
		if x.Conf != e.Conf || x.Name == e.Name() {
			continue
		}
		err := checkNewLinks(e, x.Links)
		if err == nil {
			_, err = a.server.Try(e)
		}
		if err != nil {
			return fmt.Errorf("%w; %s is served as before", err, x.Name)
		}
		if err := a.remove(x, "now "+e.Name()+" by "+e.Conf); err != nil {
			return err
		}
	}
	return nil
}

// put makes the server serve an export. was is what it serves at this address, or
// nil.
func (a *application) put(e *control.Export, was *control.Info, takeOver bool) (*control.Answer, error) {
	if was == nil || was.Conf != e.Conf && !takeOver {
		return addWithOwn(e, a.server)
	}
	return a.change(e, *was)
}

// remove ends an export, and says why.
func (a *application) remove(e control.Info, why string) error {
	if !a.dryRun {
		if err := removeExport(e.Name, a.console, a.server); err != nil {
			return err
		}
	}
	a.forget(e.Name)
	a.say(e.Name, "removed", why)
	return nil
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
