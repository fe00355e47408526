// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
)

// request is a frame's stay in the server. Requests are made once, at start, one
// for each buffer.
type request struct {
	blade.Request
	export *export // that it addresses

	arrived time.Duration // clock of the batch that brought it

	ticket          // its place in the export's order
	flying bool     // the order has the ticket
	place  int      // in the leader's batch
	next   *request // that continues its run, in the queue
}

// enrol fills in the ticket by which a waiting request gets its place in the order.
func (r *request) enrol() {
	switch r.Work.Op {
	case ata.OpRead:
		r.access = reads
	case ata.OpWrite:
		r.access = writes
	case ata.OpIdentify: // touches no sector and waits for none
		r.access, r.first, r.sectors = reads, 0, 0
		return
	default:
		r.access = barriers
		return
	}
	r.first, r.sectors = r.Work.LBA, len(r.Work.Data)/ata.SectorSize
}
