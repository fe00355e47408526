// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"vblade/internal/conf"
	"vblade/internal/control"
	"vblade/internal/statefile"
)

// application makes a server's exports those that conf files describe.
type application struct {
	console
	server control.Client
	served []control.Info // so far
	dryRun bool

	did    int // how many exports were added, changed or removed
	failed int
	wrong  []string // conf files that could not be read
}

// apply makes the server serve what conf files describe. For a directory, this
// becomes all that is served: other exports end.
func apply(o options, c console) error {
	a := &application{console: c, server: control.Client{Path: o.control}, dryRun: o.dryRun}
	files, whole, err := confFiles(o.paths)
	if err != nil {
		return err
	}
	if err := a.look(); err != nil {
		return err
	}
	wanted := a.read(files, whole)
	if whole {
		a.removeOthers(wanted)
	}
	for _, w := range wanted {
		w.goesTo(o)
		if err := a.bringAndSay(w); err != nil {
			a.fail(fmt.Errorf("%s: %w", w.conf, err))
		}
	}
	switch {
	case a.failed > 0:
		return fmt.Errorf("%d of %d conf files are not in force, see above", a.failed, len(files))
	case a.did == 0:
		fmt.Fprintf(c.stdout, "nothing to do: exports are as %d conf files say\n", len(wanted))
	}
	return nil
}

// confFiles returns the conf files that paths name, and whether they are all those of
// a directory.
func confFiles(paths []string) (files []string, whole bool, err error) {
	if info, err := os.Stat(paths[0]); err == nil && info.IsDir() {
		if len(paths) > 1 {
			return nil, false, fmt.Errorf("%s is a directory; name it alone, or name files", paths[0])
		}
		files, err = conf.List(paths[0])
		return files, true, err
	}
	return paths, false, nil
}

// look asks the server what it serves.
func (a *application) look() error {
	answer, err := a.server.Status("")
	if err == nil {
		a.served = answer.Exports
	}
	return err
}

// fail reports what could not be done.
func (a *application) fail(err error) {
	a.failed++
	a.log().Errorf("%v", err)
}

// say prints what was done, or would be.
func (a *application) say(name, did, about string) {
	a.did++
	if a.dryRun {
		did = "would be " + did
	}
	fmt.Fprintf(a.stdout, "%s: %s, %s\n", name, did, about)
}

// read reads conf files, and returns the exports that they describe for the
// server. It leaves out those of a directory that have a process of their own.
func (a *application) read(files []string, whole bool) []options {
	var wanted []options
	by := map[string]string{} // the conf file of an address
	for _, path := range files {
		o, err := readConf(path)
		if err == nil && o.ownProcess && whole {
			continue
		}
		if err == nil {
			err = o.checkShared()
		}
		if first := by[o.address()]; err == nil && first != "" {
			err = fmt.Errorf("%s: %s is described by %s already; give another shelf or slot", path, o.address(), first)
		}
		if err != nil {
			a.wrong = append(a.wrong, path)
			a.fail(err)
			continue
		}
		by[o.address()] = path
		wanted = append(wanted, o)
	}
	return wanted
}

// address is the name of the export that options describe.
func (o options) address() string { return fmt.Sprintf("e%d.%d", o.shelf, o.slot) }

// removeOthers ends exports that are served and not wanted, except those from a
// conf file that is wrong now, of which it is not known what is wanted. An export
// that a conf file gives another address is left to bring.
func (a *application) removeOthers(wanted []options) {
	for _, e := range slices.Clone(a.served) {
		isWanted := func(o options) bool { return o.address() == e.Name || o.conf == e.Conf }
		switch {
		case slices.ContainsFunc(wanted, isWanted):
		case slices.Contains(a.wrong, e.Conf):
			a.log().Warnf("%s is served as before: %s is wrong", e.Name, e.Conf)
		default:
			if err := a.remove(e, "no conf file describes it"); err != nil {
				a.fail(err)
			}
		}
	}
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
	for _, x := range slices.Clone(a.served) {
		if x.Conf == e.Conf && x.Name != e.Name() {
			if err := a.remove(x, "now "+e.Name()+" by "+e.Conf); err != nil {
				return nil, err
			}
		}
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

// put makes the server serve an export. was is what it serves at this address, or
// nil.
func (a *application) put(e *control.Export, was *control.Info, takeOver bool) (*control.Answer, error) {
	if was == nil || was.Conf != e.Conf && !takeOver {
		return addWithOwn(e, a.server.Add)
	}
	if len(e.HWAddr) == 0 && len(was.HWAddr) == 0 {
		return a.server.Change(e)
	}
	// The interfaces of an export's own are removed with it.
	answer, err := a.server.Try(e)
	if err != nil || answer.Did != control.Changed {
		return addWithOwn(e, a.server.Change)
	}
	if err := removeExport(was.Name, a.console, a.server); err != nil {
		return nil, err
	}
	if answer, err = addWithOwn(e, a.server.Add); err == nil {
		answer.Did = control.Changed
	}
	return answer, err
}

// addConf makes the server serve the export of one conf file.
func addConf(o options, c console) error {
	if err := o.checkShared(); err != nil {
		return err
	}
	a := &application{console: c, server: control.Client{Path: o.control}}
	err := a.look()
	if start := strings.Fields(os.Getenv(startVariable)); errors.Is(err, control.ErrNoServer) && len(start) > 0 {
		if err = startServer(start); err == nil {
			err = a.look()
		}
	}
	if err != nil {
		return err
	}
	e, err := openForServer(o)
	if err != nil {
		return err
	}
	defer e.Close()
	answer, err := a.bring(o, e, false)
	if err != nil {
		return err
	}
	printStarted(c.stdout, answer.PID, o, e.Disk)
	return nil
}

// removeConf makes the server end the export that was added by a conf file,
// whatever the file says now. It succeeds if there is no such export, or no
// server.
func removeConf(o options, c console, server control.Client) error {
	answer, err := server.Status("")
	if errors.Is(err, control.ErrNoServer) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range answer.Exports {
		if e.Conf == o.conf {
			errs = append(errs, removeExport(e.Name, c, server))
		}
	}
	return errors.Join(errs...)
}

// startVariable names the environment variable that holds a command, in words, which
// starts the server: for an export that a service manager starts.
const startVariable = "VBLADE_START_SERVER"

// startServer starts the server by a command.
func startServer(command []string) error {
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("start the server by %s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
