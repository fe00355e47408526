// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/term"

	"vblade/internal/ata"
	"vblade/internal/control"
	"vblade/internal/statefile"
	"vblade/internal/view"
)

// add opens a file with the rights of its caller, and makes the server serve it.
func add(o options, c console) error {
	if o.conf != "" {
		return addConf(o, c)
	}
	e, err := openForServer(o)
	if err != nil {
		return err
	}
	defer e.Close()
	server := control.Client{Path: o.control}
	if err := openStateFor(e, server, o, c); err != nil {
		return err
	}
	answer, err := addWithOwn(e, server)
	if err != nil {
		return err
	}
	warnOfExport(o, c, e, answer)
	printStarted(c.stdout, answer.PID, o, e.Disk)
	return nil
}

// openForServer opens what a server is to serve.
func openForServer(o options) (*control.Export, error) {
	if err := control.CheckLinks(o.links); err != nil {
		return nil, linkError(err, o)
	}
	if o.hwaddr.given() {
		if err := findLinks(o.links); err != nil {
			return nil, linkError(err, o)
		}
	}
	o.file.Writers = diskWriters
	disk, err := ata.OpenFile(o.filename, o.file)
	if err != nil {
		return nil, err
	}
	e := o.export(disk)
	if e.Filename, err = filepath.Abs(o.filename); err != nil {
		err = fmt.Errorf("find the path of %s: %w", o.filename, err)
	}
	if err == nil {
		err = e.Check()
	}
	if err == nil {
		err = checkUnclaimed(&e, control.Client{Path: o.control})
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	return &e, nil
}

// warnOfExport prints what may be a mistake in an export that a server serves now.
func warnOfExport(o options, c console, e *control.Export, answer *control.Answer) {
	for _, w := range warnings(o, e.Disk) {
		c.log().Warnf("%s", w)
	}
	warn(c, answer)
}

// openStateFor opens the state file of an export that a server is to serve, if one
// listens: else no file is made.
func openStateFor(e *control.Export, server control.Client, o options, c console) error {
	if err := server.Listens(); err != nil {
		return err
	}
	state, setAside, err := o.openState(statefile.DefaultDir)
	if err != nil {
		return err
	}
	e.State = state
	if setAside != nil {
		c.log().Warnf("%v", setAside)
	}
	return nil
}

// addWithOwn has a server serve an export, from interfaces of its own if it has any:
// the server cannot make them. Where it has had them already, those that are gone are
// made again.
func addWithOwn(e *control.Export, server control.Client) (*control.Answer, error) {
	interfaces, err := makeOwn(e, nil, unclaimed(e))
	if err != nil {
		return nil, err
	}
	err = interfaces.up()
	var answer *control.Answer
	if err == nil {
		answer, err = server.Add(e)
	}
	if err != nil {
		return nil, interfaces.undoFor(err)
	}
	return answer, nil
}

// remove has the server end an export, or those of a conf file.
func remove(o options, c console) error {
	server := control.Client{Path: o.control}
	if o.conf != "" {
		return removeConf(o, c, server)
	}
	return removeExport(o.name, c, server)
}

// removeExport has the server end an export, and removes the interfaces that it had
// for itself.
func removeExport(name string, c console, server control.Client) error {
	before, errBefore := server.Status(name)
	answer, err := server.Remove(name)
	if err == nil {
		warn(c, answer)
	}
	if errBefore != nil || err != nil && serves(server, name) {
		return err
	}
	was, errOwn := interfacesOfServed(before.Exports[0])
	if errOwn == nil {
		errOwn = removeAll(was)
	}
	if errOwn != nil {
		errOwn = fmt.Errorf("%s is removed, but: %w", name, errOwn)
	}
	return errors.Join(err, errOwn)
}

// announce has the server advertise an export, or all.
func announce(o options, c console) error {
	answer, err := control.Client{Path: o.control}.Announce(o.name)
	if err == nil {
		warn(c, answer)
	}
	return err
}

// warn prints the server's warnings.
func warn(c console, answer *control.Answer) {
	for _, w := range answer.Warnings {
		c.log().Warnf("%s", w)
	}
}

// showStatus prints what the server serves.
func showStatus(o options, c console) error {
	answer, err := control.Client{Path: o.control}.Status(o.name)
	if err != nil {
		return err
	}
	if o.json {
		_, err = fmt.Fprintf(c.stdout, "%s\n", answer.JSON)
		return err
	}
	text := view.List(answer, listWidth(c.stdout))
	if o.name != "" {
		text = view.One(answer, view.HostEthers())
	}
	_, err = io.WriteString(c.stdout, text)
	return err
}

// listWidth returns how wide a list may be: as the terminal where it is a wide one.
func listWidth(out io.Writer) int {
	if f, ok := out.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			return max(width, view.Width)
		}
	}
	return view.Width
}
