// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"vblade/internal/control"
)

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
	e, err := a.open(o)
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
