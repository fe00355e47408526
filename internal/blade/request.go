// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// request is a frame's stay in the server: the buffer that it was received in
// becomes its reply. Requests are made once, at start, one for each buffer.
type request struct {
	buf   []byte    // the whole buffer, longer than any frame
	frame aoe.Frame // the part that was received
	port  *port     // where it came from and where the reply goes
	room  int       // the longest reply that the port took when it came, in bytes
	blade *Blade    // the export it addresses

	command ata.Command // an ATA command whose work is to be done
	work    ata.Work    // what the disk has to do before the reply
	settles bool        // the reply waits for the end of every earlier write
	changed changeKind  // what people want to know of

	reply int   // length of the reply in bytes; 0 for none
	fault Fault // why the reply is a refusal

	arrived time.Duration // clock of the batch that brought it

	ticket          // its place in the blade's order
	flying bool     // the order has the ticket
	slot   int      // its place in the leader's batch
	next   *request // that continues its run, in the queue
}

// start makes r the request of a frame of n bytes that a port received.
func (r *request) start(n int, p *port) {
	r.frame = r.buf[:n]
	r.port, r.room = p, p.room
	r.work = ata.Work{}
	r.settles, r.changed = false, changedNothing
	r.reply, r.fault = 0, FaultNone
	// A reply may be longer than its request: what lies between is ours to
	// give, and earlier frames' bytes are not (difference 3).
	if n < aoe.MinLen {
		clear(r.buf[n:aoe.MinLen])
	}
}

// waits tells whether there is work to do, or to wait for, before the reply.
func (r *request) waits() bool { return r.work.Op != ata.OpNone || r.settles }

// enrol fills in the ticket by which a waiting request gets its place in the order.
func (r *request) enrol() {
	switch r.work.Op {
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
	r.first, r.sectors = r.work.LBA, len(r.work.Data)/ata.SectorSize
}

// refuse answers a request whose proper reply the port could not send, as a bad
// argument (difference 9).
func (r *request) refuse() {
	r.fail(aoe.ErrArgument)
	r.answer(aoe.MinLen)
}

// fail makes the reply a refusal, whose error the header names.
func (r *request) fail(e aoe.Error) {
	r.frame.Fail(e)
	r.fault = Fault(e)
}

// answer makes the frame, of which n bytes are the reply, ready to send: it
// goes back where it came from, and says who we are.
func (r *request) answer(n int) {
	if n < aoe.MinLen {
		clear(r.buf[n:aoe.MinLen])
		n = aoe.MinLen
	}
	f := r.frame
	f.SetDst(f.Src())
	f.SetSrc(*r.port.mac.Load())
	f.SetTarget(r.blade.shelf, r.blade.slot)
	f.Set(aoe.FlagResponse)
	r.reply = n
}
