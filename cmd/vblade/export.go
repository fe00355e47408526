// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/journal"
	"vblade/internal/netio"
	"vblade/internal/server"
)

// What is fixed at start: memory does not grow with load (design: bounded).
const (
	frameBuffers  = 5 * netio.MaxBatch // a batch, and all that can wait for disks
	receiveBuffer = 4 << 20            // bytes: several initiators with full windows of jumbo frames
)

// endWithin is how long the server may take to end, with a hanging disk too: with
// all that follows it shall be 5 seconds.
const endWithin = 4 * time.Second

// How the receiving waits for the next frame: awake at first, then in a call of
// which the Go scheduler does not hear, at last properly.
const (
	spin   = 50 * time.Microsecond
	linger = time.Millisecond
)

// export is all that is open for an export: the file, the link, and the server
// between them.
type export struct {
	file   *ata.File
	link   *netio.Link
	server *server.Server
	rivals *rivals
	log    *journal.Log
	undone bool // calls that hang may still use the file and the link
}

// openExport opens an export; its errors refuse to start.
func openExport(o options, j *journal.Journal) (*export, error) {
	e := &export{log: j.Log("")}
	if err := e.open(o, j.Logger(journal.Warning)); err != nil {
		e.close()
		return nil, err
	}
	return e, nil
}

// open opens the parts of an export: the link first, so that the error is about
// it where netif and filename are swapped.
func (e *export) open(o options, logger *log.Logger) (err error) {
	if e.link, err = openLink(o); err != nil {
		return linkError(err, o)
	}
	o.file.Writers = server.CrewSize + 2 // with the leader and the last sync
	if e.file, err = ata.OpenFile(o.filename, o.file); err != nil {
		return err
	}
	for _, w := range append(e.link.Warnings(receiveBuffer), warnings(o, e.file)...) {
		e.log.Warnf("%s", w)
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("find the host's name for the serial number: %w", err)
	}
	b := blade.New(e.file, blade.Config{Shelf: o.shelf, Slot: o.slot, Buffers: o.buffers, Masks: o.masks, Host: host})
	e.server = server.New(e.link, e.link.Buffers(), logger, b)
	e.rivals = openRivals(o, logger)
	return nil
}

// openLink opens the interface for the export's requests only.
func openLink(o options) (*netio.Link, error) {
	return netio.Open(o.netif, netio.Config{
		EtherType:     uint16(aoe.EtherType),
		Filter:        aoe.RequestFilter(nil, o.shelf, o.slot, o.masks),
		ReceiveBuffer: receiveBuffer,
		Buffers:       frameBuffers,
		Align:         aoe.ATALen,
		Fast:          true,
		Linger:        linger,
		Spin:          spin,
	})
}

// serve serves until ctx ends. Its error says what that has left undone.
func (e *export) serve(ctx context.Context) error {
	// A call that waits for a disk keeps its place in the Go scheduler for a
	// while: with one for every worker the receiving never waits for it.
	runtime.GOMAXPROCS(server.CrewSize + runtime.NumCPU())
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		e.rivals.look(ctx)
	}()
	err := e.server.Serve(ctx, endWithin)
	<-looked
	e.undone = err != nil
	return err
}

// close closes what is open, unless something may still use it: then it stays
// open until the process ends.
func (e *export) close() {
	if e.undone {
		return
	}
	if e.link != nil {
		e.link.Close()
	}
	if e.file != nil {
		e.file.Close()
	}
}
