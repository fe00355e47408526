// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"context"
	"log"
	"sync"
	"sync/atomic"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
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
	port   *port
	blades []*Blade
	log    *log.Logger

	requests []*request // all of them, by number
	turn     turn       // the leader's alone, or the watch's while it changes leaders
	paces    paces
	watch    watch
	reporter reporter
	troubled atomic.Bool // the link's last report was an error

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

// NewServer returns a server of blades over a link. It keeps as many requests
// as there are buffers, each longer than any frame; byte aoe.ATALen of one
// begins a page, where the disk wants that. Changes of the link's and the disks'
// state are logged, and of who may use a blade.
func NewServer(link Link, buffers [][]byte, logger *log.Logger, blades ...*Blade) *Server {
	s := &Server{
		port:     newPort(link, len(buffers[0])),
		blades:   blades,
		log:      logger,
		requests: make([]*request, len(buffers)),
		turn:     newTurn(),
		watch:    newWatch(),
		reporter: reporter{changes: make(chan change, reportBurst)},
		queue:    newQueue(len(buffers)),
		free:     make([]*request, len(buffers)),
	}
	s.work, s.freed = sync.NewCond(&s.mu), sync.NewCond(&s.mu)
	tickets := make([]*ticket, len(buffers))
	for i, b := range buffers {
		s.requests[i] = &request{buf: b}
		tickets[i] = &s.requests[i].ticket
	}
	copy(s.free, s.requests)
	for _, b := range blades {
		b.watchHealth(logger)
		b.order = newOrder(tickets, (len(buffers[0])-aoe.ATALen)/ata.SectorSize)
	}
	return s
}

// Serve advertises the blades and serves them until ctx ends. Then it answers
// what was received and syncs the disks, within the time given. Its error says
// what could not be done: some calls may still use the link and the disks then.
func (s *Server) Serve(ctx context.Context, within time.Duration) error {
	s.advertise()
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
	frame := aoe.Frame(s.requests[0].buf)
	for _, b := range s.blades {
		for _, dst := range b.audience() {
			n := b.advertise(frame, s.port, dst)
			s.send([][]byte{frame[:n]})
		}
	}
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
			if r.changed != changedNothing {
				s.report(r)
			}
			return
		}
	}
}

// send sends replies and returns whether all could be. One that cannot be sent
// is dropped, as the wire might.
func (s *Server) send(replies [][]byte) bool {
	if len(replies) == 0 {
		return true
	}
	n, err := s.port.link.Send(replies)
	s.note(err)
	return n == len(replies)
}

// note logs the change of the link between working and not.
func (s *Server) note(err error) {
	if !s.troubled.CompareAndSwap(err == nil, err != nil) {
		return
	}
	if err != nil {
		s.log.Printf("%s: %v; waiting for the link", s.port.link.Name(), err)
	} else {
		s.log.Printf("%s: serving again", s.port.link.Name())
	}
}
