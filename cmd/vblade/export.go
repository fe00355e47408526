// SPDX-License-Identifier: GPL-2.0-only

package main

import (
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
	file *ata.File
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
		s.close()
		return nil, err
	}
	return e, nil
}

// open opens the links and the file, and has the site serve it.
func (e *export) open(o options) (err error) {
	if _, err := e.take(o.links); err != nil {
		return linkError(err, o)
	}
	defer e.give(o.links) // the export has its own use of them
	o.file.Writers = diskWriters
	if e.file, err = ata.OpenFile(o.filename, o.file); err != nil {
		return err
	}
	x := control.Export{
		Shelf: o.shelf, Slot: o.slot, Links: o.links, Filename: o.filename, File: o.file,
		Buffers: o.buffers, Masks: o.masks, FailStop: o.failStop, Exclusive: o.exclusive, Disk: e.file,
	}
	if x.Exclusive {
		err = e.CheckAlone(x)
	}
	if err == nil {
		err = e.Add(x)
	}
	if err != nil {
		e.file.Close()
		return err
	}
	for _, w := range warnings(o, e.file) {
		e.log.Warnf("%s", w)
	}
	return nil
}
