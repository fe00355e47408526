// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"context"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
)

// CrewSize is how many calls can wait for a disk at once.
const CrewSize = 64

// Server serves blades over a link. A crew of workers shares its work:
//
// One of them leads. It receives a batch of frames, has their blades accept
// them, does at once what no disk has to be waited for, and sends the replies:
// a batch costs a few system calls and no hand-over. What has to wait, for a
// disk or for its place in the order, it leaves to the others, so that the disk
// sees as many requests as the initiators have outstanding.
//
// The leader cannot always know what will have to wait. If a call keeps it, the
// watch takes the lead from it (watch.go), and the next worker goes on with the
// batch where it stands.
type Server struct {
	port    *port
	exports []*export
	log     *log.Logger

	requests []*request // all of them, by number
	turn     turn       // the leader's alone, or the watch's while it changes leaders
	paces    paces
	watch    watch
	reporter reporter
	pulse    pulse         // the leader's alone
	gaveWay  time.Duration // clock, the leader's alone
	notice   aoe.Frame     // an advertisement is made in it

	receiving, sending trouble
	filter             []bpf.RawInstruction // the link's program is made in it
	unfiltered         bool                 // that the link refuses one was logged

	mu       sync.Mutex // guards what follows, and the blades' orders
	work     *sync.Cond // a worker may have something to do
	freed    *sync.Cond // there is a free request
	leader   *worker    // nil where nobody leads
	queue    queue      // runs that may start
	free     []*request // that neither are in flight nor the leader's
	inFlight atomic.Int32
	busy     atomic.Int32 // workers that do a run in flight
	ending   atomic.Bool  // nothing more is received
}

// New returns a server of blades over a link. It keeps as many requests
// as there are buffers, each longer than any frame; byte aoe.ATALen of one
// begins a page, where the disk wants that. Changes of the link's and the disks'
// state are logged, and of who may use a blade; the logger must not make its
// callers wait.
func New(link Link, buffers [][]byte, logger *log.Logger, blades ...*blade.Blade) *Server {
	s := &Server{
		port:     newPort(link, len(buffers[0])),
		log:      logger,
		requests: make([]*request, len(buffers)),
		turn:     newTurn(),
		watch:    newWatch(),
		filter:   make([]bpf.RawInstruction, 0, aoe.MaxFilter(blade.MaxMasks)),
		notice:   make(aoe.Frame, aoe.ConfigLen+aoe.MaxConfigString),
		reporter: reporter{changes: make(chan change, reportBurst)},
		queue:    newQueue(len(buffers)),
		free:     make([]*request, len(buffers)),
	}
	s.receiving.call, s.sending.call = "receive", "send"
	s.work, s.freed = sync.NewCond(&s.mu), sync.NewCond(&s.mu)
	tickets := make([]*ticket, len(buffers))
	for i, b := range buffers {
		s.requests[i] = &request{Request: blade.Request{Buf: b}}
		tickets[i] = &s.requests[i].ticket
	}
	copy(s.free, s.requests)
	for _, b := range blades {
		e := &export{Blade: b, disk: b.Disk()}
		s.exports = append(s.exports, e)
		e.watchHealth(logger)
		e.order = newOrder(tickets, (len(buffers[0])-aoe.ATALen)/ata.SectorSize)
	}
	return s
}

// Serve advertises the blades, once the link carries frames, and serves them
// until ctx ends. Then it answers what was received and syncs the disks, within
// the time given. Its error says what could not be done: some calls may still
// use the link and the disks then.
func (s *Server) Serve(ctx context.Context, within time.Duration) error {
	s.begin()
	stop := context.AfterFunc(ctx, s.end)
	defer stop()
	done := make(chan struct{})
	go s.watchLeader(done)
	defer close(done)
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		s.logChanges(ctx)
	}()
	var crew sync.WaitGroup
	for range CrewSize + 1 {
		crew.Add(1)
		go func() {
			defer crew.Done()
			newWorker(s).loop()
		}()
	}
	home := make(chan struct{})
	go func() {
		defer close(home)
		crew.Wait()
	}()
	<-ctx.Done() // before that nobody goes home
	err := s.finish(home, within)
	<-logged
	s.logRest()
	return err
}

// end has the crew finish what is in flight and no more.
func (s *Server) end() {
	s.mu.Lock()
	s.ending.Store(true)
	s.port.link.Interrupt() // while nobody can have gone home and closed the link
	s.mu.Unlock()
	s.work.Broadcast()
	s.freed.Broadcast()
}

// advertise makes every blade known on the link (section 4).
func (s *Server) advertise() {
	for _, b := range s.exports {
		for _, dst := range b.Audience() {
			frames := [][]byte{s.notice[:b.Advertise(s.notice, &s.port.wire, dst)]}
			s.send(frames)
			s.notice = frames[0][:len(s.notice)]
		}
	}
}

// route hands a received frame of n bytes to the export that it addresses.
func (s *Server) route(r *request, n int) {
	r.Begin(n, &s.port.wire)
	f := r.Frame
	if n < aoe.HeaderLen || f.EtherType() != aoe.EtherType || f.Has(aoe.FlagResponse) {
		return
	}
	for _, e := range s.exports {
		if e.AnswersTo(f) {
			s.accept(e, r, n)
			return
		}
	}
}

// accept has an export accept a request of n bytes, if it admits its source.
func (s *Server) accept(e *export, r *request, n int) {
	r.export = e
	if !e.Admits(r.Frame.Src()) {
		e.counts.turn.add(masked, 1)
		return
	}
	if r.Frame.Command() == aoe.CommandConfig { // its reply tells the MTU (section 2)
		s.port.refresh()
		r.Begin(n, &s.port.wire)
	}
	e.Accept(&r.Request)
	if r.Changed == blade.ChangedMasks {
		s.refilter(e)
	}
	if r.Changed != blade.ChangedNothing {
		s.report(r)
	}
}

// refilter has the link drop the frames that a blade's masks shut out now. The
// blade does not need it: admits has the last word.
func (s *Server) refilter(b *export) {
	if len(s.exports) > 1 {
		return // the program must pass what the others admit
	}
	err := s.port.link.SetFilter(aoe.RequestFilter(s.filter, b.Shelf(), b.Slot(), b.Masks()))
	if err == nil {
		return
	}
	// The old program may shut out whom the masks admit now.
	instead := "vblade drops the frames that the masks shut out by itself"
	if s.port.link.SetFilter(aoe.RequestFilter(s.filter, b.Shelf(), b.Slot(), nil)) != nil {
		instead = "it stays as it was"
	}
	if !s.unfiltered {
		s.unfiltered = true
		s.log.Printf("%s: %v; %s", s.port.link.Name(), err, instead)
	}
}

// send sends replies and returns whether all could be. One that cannot be sent
// is dropped, as the wire might.
func (s *Server) send(replies [][]byte) bool {
	if len(replies) == 0 {
		return true
	}
	n, err := s.port.link.Send(replies)
	s.port.counts.send(n, len(replies))
	s.note(&s.sending, err)
	return n == len(replies)
}
