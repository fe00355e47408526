// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/control"
	"vblade/internal/journal"
	"vblade/internal/server"
)

// endWithin is how long the server may take to end, even with a disk that hangs.
// With what follows, the process ends within 5 seconds.
const endWithin = 4 * time.Second

// diskWriters is how many writes with -s may run at once on a disk: one by each
// worker, one by the leader, and one by a former leader.
const diskWriters = server.CrewSize + 2

// export is a site with a single export.
type export struct {
	*site
	file       *ata.File
	interfaces *ownInterfaces // nil if it serves from the links' own addresses
	held       claims         // for as long as those are there
}

// openExport opens an export. It opens the links first, so that the error is
// about them if netif and filename are swapped.
func openExport(o options, j *journal.Journal) (*export, error) {
	s, err := openSite(j)
	if err != nil {
		return nil, err
	}
	e := &export{site: s}
	if err := e.open(o); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// open opens the links and the file, and makes the site serve it. It makes
// interfaces of the export's own last, because until then their addresses may be
// in use on another host.
func (e *export) open(o options) (err error) {
	if !o.hwaddr.given() {
		if _, err := e.take(o.links, nil); err != nil {
			return linkError(err, o)
		}
		defer e.give(o.links) // the export itself uses them
	} else if err := findLinks(o.links); err != nil {
		return linkError(err, o)
	}
	o.file.Writers = diskWriters
	if e.file, err = ata.OpenFile(o.filename, o.file); err != nil {
		return err
	}
	x := o.export(e.file)
	before, err := e.takeState(&x, o)
	if err == nil && x.Exclusive {
		err = e.CheckAlone(x)
	}
	if err == nil {
		err = e.begin(x)
	}
	if err != nil {
		if before != nil {
			x.State.Save(before)
		}
		x.Close()
		return err
	}
	if before != nil {
		e.log.Warnf("%s", x.GaveWay())
	}
	for _, w := range warnings(o, e.file) {
		e.log.Warnf("%s", w)
	}
	return nil
}

// takeState opens the export's state file, if it has one, and makes the masks of
// the options prevail. It returns the state that has to be restored if the export
// is not served, or nil.
func (e *export) takeState(x *control.Export, o options) (before *blade.State, err error) {
	state, warning, err := o.awaitState()
	if err != nil {
		return nil, err
	}
	x.State = state
	if warning != nil {
		e.log.Warnf("%v", warning)
	}
	return x.Prevail()
}

// begin makes the site serve an export, from interfaces of its own if it has any.
// If these exist already, a process that holds the claim may use them, and
// removes them at the end.
func (e *export) begin(x control.Export) (err error) {
	if len(x.HWAddr) == 0 {
		return e.Add(x)
	}
	if e.held, err = e.claim(x.Name(), x.Links); err != nil {
		return err
	}
	if e.interfaces, err = makeOwn(&x, nil, true); err != nil {
		return err
	}
	if err = e.interfaces.up(); err != nil {
		return err
	}
	return e.add(x, nil, nil)
}

// serve is site.serve, and meanwhile keeps the export's own interfaces in place.
func (e *export) serve(ctx context.Context) error {
	kept, err := e.interfaces.keep(ctx, e.log)
	if err != nil {
		e.log.Warnf("interfaces that go with their parents are not made again: %v", err)
	}
	err = e.site.serve(ctx)
	<-kept
	return err
}

// close is site.close, and removes the export's own interfaces.
func (e *export) close() error {
	err := e.site.close()
	if errOwn := e.interfaces.remove(); errOwn != nil {
		e.log.Warnf("%v", errOwn)
	}
	e.held.release()
	return err
}

// export returns the export that the options describe, with an open disk.
func (o options) export(disk *ata.File) control.Export {
	return control.Export{
		Shelf: o.shelf, Slot: o.slot, Links: o.links, HWAddr: o.hwaddr.addresses(o.shelf, o.slot, len(o.links)),
		Filename: o.filename, Conf: o.conf, File: o.file, Disk: disk,
		Buffers: o.buffers, Masks: o.masks, Serial: o.serial,
		FailStop: o.failStop, Exclusive: o.exclusive, Announce: o.announce,
	}
}
