// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"time"

	"vblade/internal/ata"
	"vblade/internal/control"
	"vblade/internal/journal"
	"vblade/internal/server"
)

// endWithin is how long the server may take to end, with a hanging disk too: with
// all that follows it takes at most 5 seconds.
const endWithin = 4 * time.Second

// diskWriters is how many writes through the cache of a disk may run at once: one
// of each worker, the leader's and the last sync.
const diskWriters = server.CrewSize + 2

// export is a site with a single export.
type export struct {
	*site
	file       *ata.File
	interfaces *ownInterfaces // nil where it serves from the links' own addresses
	held       claims         // for as long as those are there
}

// openExport opens an export; its errors refuse to start. It looks at the links
// first, so that the error is about them where netif and filename are swapped.
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

// open opens the links and the file, and has the site serve it. Interfaces of the
// export's own it makes last: until then their addresses may be on another host.
func (e *export) open(o options) (err error) {
	if !o.hwaddr.given() {
		if _, err := e.take(o.links, nil); err != nil {
			return linkError(err, o)
		}
		defer e.give(o.links) // the export has its own use of them
	} else if err := findLinks(o.links); err != nil {
		return linkError(err, o)
	}
	o.file.Writers = diskWriters
	if e.file, err = ata.OpenFile(o.filename, o.file); err != nil {
		return err
	}
	x := o.export(e.file)
	if err = e.takeState(&x, o); err == nil && x.Exclusive {
		err = e.CheckAlone(x)
	}
	if err == nil {
		err = e.begin(x)
	}
	if err != nil {
		x.Close()
		return err
	}
	for _, w := range warnings(o, e.file) {
		e.log.Warnf("%s", w)
	}
	return nil
}

// takeState opens the export's state file, if it has one.
func (e *export) takeState(x *control.Export, o options) error {
	state, warning, err := o.awaitState()
	if err != nil {
		return err
	}
	x.State = state
	if warning != nil {
		e.log.Warnf("%v", warning)
	}
	before, err := x.Prevail()
	if err == nil && before != nil {
		e.log.Warnf("%s", x.GaveWay())
	}
	return err
}

// begin has the site serve an export, from interfaces of its own if it has any. Those
// that there are may be used by whoever has the claim, who removes them at last.
func (e *export) begin(x control.Export) (err error) {
	if len(x.HWAddr) == 0 {
		return e.Add(x)
	}
	if e.held, err = e.claim(x.Name(), x.Links); err != nil {
		return err
	}
	if e.interfaces, err = makeOwn(&x, true); err != nil {
		return err
	}
	if err = e.interfaces.up(); err != nil {
		return err
	}
	return e.add(x, nil, nil)
}

// serve is site.serve, which keeps the export's own interfaces meanwhile.
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

// export is what the options say, of a disk that is open.
func (o options) export(disk *ata.File) control.Export {
	return control.Export{
		Shelf: o.shelf, Slot: o.slot, Links: o.links, HWAddr: o.hwaddr.addresses(o.shelf, o.slot, len(o.links)),
		Conf: o.conf, Filename: o.filename, File: o.file, Buffers: o.buffers, Masks: o.masks, Serial: o.serial, FailStop: o.failStop, Exclusive: o.exclusive, Announce: o.announce, Disk: disk,
	}
}
