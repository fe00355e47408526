// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"sync/atomic"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// Wire is what a Blade needs to know about the link that a frame came by. Its
// owner keeps it up to date.
type Wire struct {
	MAC     atomic.Pointer[aoe.MAC] // the link's address, which replies are sent from
	Room    int                     // the longest frame, in bytes
	Sectors int                     // the most sectors in a frame (section 2: scnt)
}

// Change is a change by a request that is logged.
type Change uint8

// The kinds of changes.
const (
	ChangedNothing Change = iota
	ChangedReservation
	SeizedReservation // the reservation of others, by force
	ChangedMasks
)

// Request is a frame that is being processed. Its buffer becomes the reply. Begin
// starts with a frame, Blade.Accept answers it or sets the Work that is left, and
// Complete answers it after the Work.
type Request struct {
	Buf   []byte    // the whole buffer, at least aoe.MinLen bytes
	Frame aoe.Frame // the part of it that was received
	Blade *Blade    // the export that has accepted it

	Work     ata.Work // what the disk has to do before the reply
	Settles  bool     // the reply has to wait for the end of every earlier write
	Proposes bool     // its change has to be kept first; then it is accepted again
	Kept     bool     // the change was kept; set before Accept
	Changed  Change

	Reply int   // length of the reply in bytes; 0 for none
	Fault Fault // why the reply is a refusal

	wire    *Wire
	room    int         // the longest reply that the link could carry when the frame arrived, in bytes
	command ata.Command // that has Work to be done
}

// Begin starts a request with a frame of n bytes in r.Buf, which came by wire.
func (r *Request) Begin(n int, wire *Wire) {
	r.Frame = r.Buf[:n]
	r.wire, r.room = wire, wire.Room
	r.Work = ata.Work{}
	r.Settles, r.Changed = false, ChangedNothing
	r.Proposes, r.Kept = false, false
	r.Reply, r.Fault = 0, FaultNone
	// A reply may be longer than its request. The bytes after the request must
	// not be those of earlier frames (difference 3).
	if n < aoe.MinLen {
		clear(r.Buf[n:aoe.MinLen])
	}
}

// Waits reports whether there is work to do, or to wait for, before the reply.
func (r *Request) Waits() bool { return r.Work.Op != ata.OpNone || r.Settles }

// Complete answers a request whose Work ended with n sectors done and err. A
// request that only had to wait already has its answer.
func (r *Request) Complete(n int, err error) {
	if r.Work.Op != ata.OpNone {
		r.answerATA(r.command.Finish(n, err))
		if r.Fault == FaultAborted {
			r.Fault = FaultDisk
		}
	}
}

// BytesDone returns how many bytes of a completed read or write were done.
func (r *Request) BytesDone() uint64 {
	return uint64(r.command.Count-r.Frame.ATACount()) * ata.SectorSize
}

// refuse answers a request with error 2 because the link cannot carry its reply
// (difference 9).
func (r *Request) refuse() {
	r.fail(aoe.ErrArgument)
	r.answer(aoe.MinLen)
}

// fail makes the reply a refusal with an error.
func (r *Request) fail(e aoe.Error) {
	r.Frame.Fail(e)
	r.Fault = Fault(e)
}

// answer makes the frame, whose first n bytes are the reply, ready to be sent: it
// sets the addresses, the target and the response flag.
func (r *Request) answer(n int) {
	if n < aoe.MinLen {
		clear(r.Buf[n:aoe.MinLen])
		n = aoe.MinLen
	}
	f := r.Frame
	f.SetDst(f.Src())
	f.SetSrc(*r.wire.MAC.Load())
	f.SetTarget(r.Blade.shelf, r.Blade.slot)
	f.Set(aoe.FlagResponse)
	r.Reply = n
}
