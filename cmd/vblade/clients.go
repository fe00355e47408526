// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"vblade/internal/ata"
	"vblade/internal/control"
)

// add opens a file with the rights of whoever calls, and has the server serve it.
func add(o options, c console) error {
	if err := control.CheckLinks(o.links); err != nil {
		return linkError(err, o)
	}
	o.file.Writers = diskWriters
	disk, err := ata.OpenFile(o.filename, o.file)
	if err != nil {
		return err
	}
	defer disk.Close()
	e := &control.Export{
		Shelf: o.shelf, Slot: o.slot, Links: o.links, File: o.file, Buffers: o.buffers, Masks: o.masks, FailStop: o.failStop, Exclusive: o.exclusive, Disk: disk,
	}
	if e.Filename, err = filepath.Abs(o.filename); err != nil {
		return fmt.Errorf("find the path of %s: %w", o.filename, err)
	}
	if err := e.Check(); err != nil {
		return err
	}
	server := control.Client{Path: o.control}
	if err := checkUnclaimed(e, server); err != nil {
		return err
	}
	answer, err := server.Add(e)
	if err != nil {
		return err
	}
	for _, w := range warnings(o, disk) {
		c.log().Warnf("%s", w)
	}
	warn(c, answer)
	announce(c.stdout, answer.PID, o, disk)
	return nil
}

// remove has the server end an export.
func remove(o options, c console) error {
	answer, err := control.Client{Path: o.control}.Remove(o.name)
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
	return printTable(c.stdout, answer.Exports)
}

// printTable prints a line for each export.
func printTable(to io.Writer, exports []control.Info) error {
	w := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "EXPORT\tSECTORS\tMODE\tLINKS\tFILE")
	for _, e := range exports {
		mode, trouble := "O_RDWR", ""
		if e.ReadOnly {
			mode = "O_RDONLY"
		}
		if e.Trouble != "" {
			trouble = " (not served: " + e.Trouble + ")"
		}
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s%s\n", e.Name, e.Sectors, mode, strings.Join(e.Links, ","), e.Filename, trouble)
	}
	return w.Flush()
}
