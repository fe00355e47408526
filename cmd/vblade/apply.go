// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"vblade/internal/aoe"
	"vblade/internal/conf"
	"vblade/internal/control"
)

// application makes a server's exports those that conf files describe.
type application struct {
	console
	server control.Client
	served []control.Info // so far
	dryRun bool

	did    int // how many exports were added, changed or removed
	failed int
	wrong  []string  // conf files that could not be read
	own    []options // exports with a process of their own
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
// server. It leaves out those of a directory that have a process of their own. Of two
// files for one address, the one that is served is right: its initiators must not find
// another disk there.
func (a *application) read(files []string, whole bool) []options {
	var wanted []options
	by := a.holders(files, whole) // the conf files of addresses
	for _, path := range files {
		o, err := readConf(path)
		if err == nil && o.ownProcess && whole {
			a.own = append(a.own, o)
			continue
		}
		if err == nil {
			err = o.checkShared()
		}
		if first := by[o.address()]; err == nil && first != "" && first != path {
			err = sameAddress(o, first)
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

// holders returns the conf files that hold addresses: they are served there, and still
// say so, or are wrong now and may be meant to. Of a directory that is to be all that is
// served, only files in it do.
func (a *application) holders(files []string, whole bool) map[aoe.Address]string {
	by := map[aoe.Address]string{}
	for _, e := range a.served {
		if e.Conf == "" || whole && !slices.Contains(files, e.Conf) {
			continue
		}
		address, err := aoe.ParseAddress(e.Name)
		if err != nil {
			continue
		}
		o, err := readConf(e.Conf)
		if err == nil && !o.ownProcess && o.address() == address || err != nil && !errors.Is(err, fs.ErrNotExist) {
			by[address] = e.Conf
		}
	}
	return by
}

// address is the address of the export that options describe.
func (o options) address() aoe.Address { return aoe.Address{Shelf: o.shelf, Slot: o.slot} }

// removeOthers ends exports that are served and not wanted, except those from a
// conf file that is wrong now, of which it is not known what is wanted. An export
// that a conf file gives another address is left to bring.
func (a *application) removeOthers(wanted []options) {
	for _, e := range slices.Clone(a.served) {
		isWanted := func(o options) bool { return o.address().String() == e.Name || o.conf == e.Conf }
		switch {
		case slices.ContainsFunc(wanted, isWanted):
		case slices.Contains(a.wrong, e.Conf):
			a.log().Warnf("%s is served as before: %s is wrong", e.Name, e.Conf)
		default:
			if err := a.remove(e, a.whyUnwanted(e)); err != nil {
				a.fail(err)
			}
		}
	}
}

// whyUnwanted says why an export that is served is not wanted.
func (a *application) whyUnwanted(e control.Info) string {
	for _, o := range a.own {
		if o.address().String() == e.Name || o.conf == e.Conf {
			return "it has a process of its own by " + o.conf
		}
	}
	return "no conf file describes it"
}
