// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync/atomic"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/order"
)

// request is a frame's stay in the server. Requests are made with their port,
// one for each of its buffers.
type request struct {
	blade.Request
	port   *Port   // where the frame came from and where the reply goes
	export *export // that it addresses

	length  int           // of the frame that was received, in bytes
	stamp   int64         // when the kernel received it, in nanoseconds; 0 where it does not say
	copied  bool          // it stands for a broadcast, of which another is counted
	arrived time.Duration // clock of the turn that admitted it

	print atomic.Uint64 // what it asks for, until it is answered or dropped: see recall

	order.Ticket          // its place in the order
	flying       bool     // the order has the ticket
	next         *request // in a queue
}

// accessOf says how each kind of work takes its place in the order. A kind that
// is missing at the end does not compile, and one without an access fails a test.
var accessOf = [...]order.Access{
	ata.OpNone:     order.Barrier, // a command that only waits for the writes before it
	ata.OpRead:     order.Read,
	ata.OpWrite:    order.Write,
	ata.OpFlush:    order.Barrier,
	ata.OpIdentify: order.Free,
}

var _ [ata.Ops]order.Access = accessOf

// enrol fills in the ticket by which a waiting request gets its place in the order.
func (r *request) enrol() {
	r.Lane = &r.export.lane
	r.Access = accessOf[r.Work.Op]
	r.First, r.Sectors = 0, 0
	if r.Access == order.Read || r.Access == order.Write {
		r.First, r.Sectors = r.Work.LBA, int(r.Work.Sectors())
	}
}
