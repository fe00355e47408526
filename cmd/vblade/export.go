// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"io"
	"log"
	"time"

	"vblade/internal/ata"
	"vblade/internal/control"
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

// openExport opens an export; its errors refuse to start.
func openExport(o options, stderr io.Writer) (*export, error) {
	logger := log.New(stderr, "vblade: ", 0)
	o.file.Writers = diskWriters
	file, err := ata.OpenFile(o.filename, o.file)
	if err != nil {
		return nil, err
	}
	s, err := openSite(logger)
	if err != nil {
		file.Close()
		return nil, err
	}
	err = s.Add(control.Export{
		Shelf: o.shelf, Slot: o.slot, Links: o.links, Filename: o.filename, File: o.file,
		Buffers: o.buffers, Masks: o.masks, Disk: file,
	})
	if err != nil {
		file.Close()
		s.close()
		return nil, err
	}
	return &export{site: s, file: file}, nil
}
