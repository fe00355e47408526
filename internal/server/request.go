// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync/atomic"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/order"
)

// request is a frame while it is in the server. Requests are made with their
// port, one for each of its buffers.
type request struct {
	blade.Request
	port   *Port   // where the frame came from and where the reply goes
	export *export // that it addresses

	length  int           // of the frame that was received, in bytes
	stamp   int64         // when the kernel received it, in nanoseconds; 0 if it does not say
	copied  bool          // it is a copy of a broadcast that is counted elsewhere
	arrived time.Duration // clock of the turn that admitted it
	taken   time.Duration // clock of the turn since which it waits for no Save, or never

	print atomic.Uint64 // what it asks for, until it is answered or dropped: see recall

	order.Ticket          // its place in the order
	flying       bool     // the order has the ticket
	next         *request // in a queue
}

// accessOf is the access of each kind of work in the order. It does not compile
// if a kind at the end is missing, and a kind without an access fails a test.
var accessOf = [...]order.Access{
	ata.OpNone:     order.Barrier, // a command that only waits for the writes before it
	ata.OpRead:     order.Read,
	ata.OpWrite:    order.Write,
	ata.OpFlush:    order.Barrier,
	ata.OpIdentify: order.Free,
}

var _ [ata.Ops]order.Access = accessOf

// enrol fills in the ticket of a request that has to wait, for the order.
func (r *request) enrol() {
	r.Lane = &r.export.lane.Lane
	r.Access = accessOf[r.Work.Op]
	r.First, r.Sectors = 0, 0
	if r.Access == order.Read || r.Access == order.Write {
		r.First, r.Sectors = r.Work.LBA, int(r.Work.Sectors())
	}
}
