// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"context"
	"log"
	"time"

	"vblade/internal/aoe"
)

// Server serves blades over a link: one goroutine receives a batch of frames,
// executes it in the order of arrival and sends the replies.
type Server struct {
	port     *port
	blades   []*Blade
	log      *log.Logger
	requests []*request // one for each buffer
	bufs     [][]byte   // their buffers, as Receive takes them
	replies  [][]byte   // what is to be sent, in order
	troubled bool       // the link's last report was an error
}

// NewServer returns a server of blades over a link. It receives as many frames
// at once as there are buffers, each longer than any frame; byte ATALen of one
// begins a page, where the disk wants that. Changes of the link's state are
// logged.
func NewServer(link Link, buffers [][]byte, logger *log.Logger, blades ...*Blade) *Server {
	s := &Server{
		port:     newPort(link),
		blades:   blades,
		log:      logger,
		requests: make([]*request, len(buffers)),
		bufs:     make([][]byte, len(buffers)),
		replies:  make([][]byte, 0, len(buffers)),
	}
	copy(s.bufs, buffers)
	for i, b := range buffers {
		s.requests[i] = &request{buf: b}
	}
	return s
}

// Serve advertises the blades and serves them until ctx ends. What was received
// by then is answered.
func (s *Server) Serve(ctx context.Context) {
	stop := context.AfterFunc(ctx, s.port.link.Interrupt)
	defer stop()
	s.advertise()
	for s.port.link.Wait(-1) {
		s.turn()
	}
}

// advertise makes every blade known on the link (section 4).
func (s *Server) advertise() {
	frame := aoe.Frame(s.requests[0].buf)
	for _, b := range s.blades {
		for _, dst := range b.audience() {
			n := b.advertise(frame, s.port, dst)
			s.send(append(s.replies[:0], frame[:n]))
		}
	}
}

// turn takes one batch from the link through to its replies.
func (s *Server) turn() {
	n, err := s.port.link.Receive(s.bufs)
	if err != nil {
		s.suffer(err)
		return
	}
	s.replies = s.replies[:0]
	for i := range n {
		r := s.requests[i]
		s.route(r, len(s.bufs[i]))
		if r.waits() {
			r.complete(r.blade.disk.Do(r.work))
		}
		if r.reply > 0 {
			s.replies = append(s.replies, r.buf[:r.reply])
		}
	}
	s.send(s.replies)
}

// route hands a received frame of n bytes to the blade that it addresses.
func (s *Server) route(r *request, n int) {
	r.start(n, s.port)
	f := r.frame
	if n < aoe.HeaderLen || f.EtherType() != aoe.EtherType || f.Has(aoe.FlagResponse) {
		return
	}
	for _, b := range s.blades {
		if b.answersTo(f) {
			b.accept(r)
			return
		}
	}
}

// send sends replies. One that cannot be sent is dropped, as the wire might.
func (s *Server) send(replies [][]byte) {
	if len(replies) == 0 {
		return
	}
	if _, err := s.port.link.Send(replies); err != nil {
		s.note(err)
	} else {
		s.note(nil)
	}
}

// linkPause is how long the server leaves a link alone that reports an error.
const linkPause = 100 * time.Millisecond

// suffer outlasts a failed link: it is waited for.
func (s *Server) suffer(err error) {
	s.note(err)
	time.Sleep(linkPause)
}

// note logs the change of a link between working and not.
func (s *Server) note(err error) {
	if troubled := err != nil; troubled != s.troubled {
		s.troubled = troubled
		if troubled {
			s.log.Printf("%s: %v; waiting for the link", s.port.link.Name(), err)
		} else {
			s.log.Printf("%s: serving again", s.port.link.Name())
		}
	}
}
