// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// request is a frame's stay in the server: the buffer that it was received in
// becomes its reply. Requests are made once, at start, one for each buffer.
type request struct {
	buf   []byte    // the whole buffer, longer than any frame
	frame aoe.Frame // the part that was received
	port  *port     // where it came from and where the reply goes
	blade *Blade    // the export it addresses

	command ata.Command // an ATA command waiting for its work
	work    ata.Work    // what the disk has to do before the reply

	reply int // length of the reply in bytes; 0 for none
}

// start makes r the request of a frame of n bytes that port received.
func (r *request) start(n int, p *port) {
	r.frame = r.buf[:n]
	r.port = p
	r.work = ata.Work{}
	r.reply = 0
	// A reply may be longer than its request: what lies between is ours to
	// give, and earlier frames' bytes are not (difference 3).
	if n < aoe.MinLen {
		clear(r.buf[n:aoe.MinLen])
	}
}

// waits tells whether the disk has work to do before there is a reply.
func (r *request) waits() bool { return r.work.Op != ata.OpNone }

// answer makes the frame, of which n bytes are the reply, ready to send: it
// goes back where it came from, and says who we are.
func (r *request) answer(n int) {
	if n > r.port.room { // the handlers see to it that nothing was changed
		r.frame.Fail(aoe.ErrArgument)
		n = aoe.MinLen
	}
	if n < aoe.MinLen {
		clear(r.buf[n:aoe.MinLen])
		n = aoe.MinLen
	}
	f := r.frame
	f.SetDst(f.Src())
	f.SetSrc(r.port.mac)
	f.SetTarget(r.blade.shelf, r.blade.slot)
	f.Set(aoe.FlagResponse)
	r.reply = n
}
