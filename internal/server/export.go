// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"slices"
	"sync/atomic"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/stats"
	"vblade/internal/uring"
)

// export is a blade in use: its share of the crew and of the buffers, how fast
// and how healthy its disk is, and its counters. All its ports share it.
type export struct {
	*blade.Blade
	disk    *ata.Disk
	ports   []*Port
	health  health
	sizing  sizing
	rivalry rivalry
	queries queries
	counts  counts
	recent  recent
	paces   paces
	crowd   crowd
	keeping keeping

	fd         int          // the disk's descriptor, and
	start      int64        // the byte where the export begins in it, for a ring
	async      uring.Access // what a ring does without waiting
	draining   atomic.Int32 // requests in the rings of leads that have lost the lead
	flying     atomic.Int32 // requests that the order has
	undone     atomic.Int32 // those of them whose work is not done yet
	failed     func(error)  // called once the disk is gone or broken; nil if the export does not end then
	mute       atomic.Bool  // nothing begins or is answered any more
	initiators initiators   // who uses it; the leader's

	advertised time.Duration // clock when it was last; the leader's

	interval time.Duration // between advertisements; 0 without repetition
	repeater *time.Timer   // sends the next one

	lane *lane // its part of the order

	// Server.mu guards what follows.
	waiting queue         // requests that may start, for the crew
	writes  queue         // those that belong in a batch
	batches int           // batches that workers write
	batched time.Duration // clock when the last of them began
	most    int           // writes in a batch
	queued  bool          // the crew's ring has it
	running int           // calls that workers do for it, batches included
}

// newExport returns the export of a blade on ports.
func newExport(b *blade.Blade, ports []*Port) *export {
	e := &export{Blade: b, disk: b.Disk(), ports: slices.Clone(ports), most: maxRun}
	if fd, start, ok := e.disk.Descriptor(); ok {
		e.fd, e.start = fd, start
		e.async, _ = uring.Probe(fd) // if it fails, the crew waits for the disk
		if e.disk.WritesThrough() {
			e.async = min(e.async, uring.AsyncReads)
		}
	}
	e.counts.service = stats.NewService()
	e.recent.begin(clock())
	return e
}

// key is an address as the tables of exports know it.
type key uint32

// keyOf returns the key of a shelf and slot.
func keyOf(shelf uint16, slot uint8) key { return key(shelf)<<8 | key(slot) }

// key returns the export's key.
func (e *export) key() key { return keyOf(e.Shelf(), e.Slot()) }
