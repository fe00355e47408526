// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"vblade/internal/order"
)

// Host is what a Server needs of the host's interfaces as a whole; netio.Host is
// one. One goroutine waits; any may wake it.
type Host interface {
	// Wait returns once a link may have something to receive, its Changes have
	// counted on, or Wake was called; after limit at the latest where that is not
	// negative.
	Wait(limit time.Duration)
	// WaitAsleep is Wait for a caller that gains nothing by staying awake.
	WaitAsleep(limit time.Duration)
	// Wake ends this Wait, or the next.
	Wake()
	// Descriptors are readable when Wait would return, the first after Wake. If
	// there are none, only Wait can wait. The slice is never modified: it is
	// replaced where there are others, also if they have the same numbers.
	Descriptors() []int
	// Silence makes the first of them unreadable until Wake is called again. A
	// caller that has found it readable then has to look at what Wake was called
	// for.
	Silence()
}

// Log is where a Server logs changes. Each line begins with the name of the
// export or link. It must not block; journal.Log is one.
type Log interface {
	Errorf(format string, a ...any) // a disk does not do what it was asked for
	Warnf(format string, a ...any)  // something may need attention, while serving goes on
	Infof(format string, a ...any)  // everything is well, or well again
}

// Server serves exports over links.
//
// One goroutine leads (lead.go). It receives a batch of frames from all ports,
// has their exports accept them, does at once what does not wait for a disk, and
// sends the replies, so a batch costs a few system calls and no hand-over.
// Requests that wait for a disk are submitted to the kernel if the disk works
// asynchronously (ring.go), or left to a crew of workers (worker.go), so each
// disk gets as many requests as the initiators have outstanding. While they have
// only one, the leader does it in place.
//
// The leader cannot always know what will block. If a call blocks it, the watch
// takes the lead away (watch.go), and another lead that stands by continues the
// turn.
type Server struct {
	host Host
	log  Log

	// These belong to the leader, or to whoever replaces it.
	ports      []*Port
	exports    []*export
	remnants   []*export // removed exports whose calls have not ended
	turn       turn
	chores     bool // a port has some
	memory     memory
	swept      uint64        // broadcasts taken so far that mean several exports
	pulse      pulse         // shows that the loop turns
	gaveWay    time.Duration // clock
	used       *export       // last
	usedLast   time.Duration // clock when that was
	usedSince  time.Duration // clock since when no other was used, and quiet has passed
	missed     bool          // work was handed over because the ring had requests in flight
	inPlace    int64         // when the last call that may wait ended, as a stamp
	slow       bool          // in this turn such a call has waited for a disk
	lanes      lanes
	reporter   reporter
	ages       ages
	watch      watch
	asks       asks
	kept       kept
	snapshot   atomic.Pointer[snapshot] // of ports and exports, for others
	leads      [leadCount]*lead
	standing   atomic.Int32 // leads that stand by
	inFlight   atomic.Int32 // requests that the order has
	undone     atomic.Int32 // those of them whose work is not done yet
	ending     atomic.Bool  // nothing more is received
	freezes    freezes
	shareAlarm *time.Timer // ends a wait for a share
	hang       hangLimits
	sizeEvery  time.Duration  // between two looks at a disk's size
	shareWait  time.Duration  // for a share, in a turn
	running    sync.WaitGroup // leads and workers

	mu       sync.Mutex // guards what follows
	vacant   *sync.Cond // there is no leader, or the server has ended
	work     *sync.Cond // a worker may have something to do
	freed    *sync.Cond // a request has ended
	leader   *lead      // nil if there is none
	order    *order.Order
	requests []*request // by the number of their ticket; only the leader changes the list
	crew     crew
	ended    bool // there will be no leader any more
}

// New returns a server without ports and exports. It logs changes of the state of
// links and disks, and of who may use an export.
func New(host Host, log Log) *Server {
	s := &Server{
		host:     host,
		log:      log,
		watch:    newWatch(),
		reporter: newReporter(),
		ages:     ages{sinceBoot: sinceBoot},
		freezes:  freezes{sinceBoot: sinceBoot, boot: sinceBoot()},
		order:    order.New(),
		kept:     kept{places: make(chan struct{}, maxSaves)},
		hang:     hangLimits{after: 10 * time.Second, look: time.Second},

		sizeEvery: sizeEvery,
		shareWait: shareWait,
	}
	s.vacant, s.work, s.freed = sync.NewCond(&s.mu), sync.NewCond(&s.mu), sync.NewCond(&s.mu)
	s.shareAlarm = time.AfterFunc(time.Hour, s.shareIsLate)
	s.shareAlarm.Stop()
	s.snapshot.Store(new(snapshot))
	for i := range s.leads {
		s.leads[i] = newLead(s)
	}
	return s
}

// UseRings makes the server use io_uring for disks that work asynchronously. Call
// it before Serve, and before the process is confined. If it fails, workers wait
// for all disks.
func (s *Server) UseRings() error {
	for _, l := range s.leads {
		g, err := newRing()
		if err != nil {
			for _, l := range s.leads {
				l.dropRing()
				l.ring = nil
			}
			return err
		}
		l.ring = g
	}
	return nil
}

// Serve advertises the exports once their links carry frames, and serves until
// ctx ends. Then it answers what was received and syncs the disks, within a time
// limit. Its error says what could not be done; some calls may then still use the
// links and disks.
func (s *Server) Serve(ctx context.Context, within time.Duration) error {
	s.start()
	stop := context.AfterFunc(ctx, s.end)
	defer stop()
	done := make(chan struct{})
	go s.watchLeader(done)
	go s.watchFreezes(done)
	go s.watchDisks(done)
	go s.watchSizes(done)
	go s.watchRates(done)
	defer close(done)
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		s.logChanges(ctx)
	}()
	home := s.startCrew()
	<-ctx.Done() // before that none of them ends
	err := s.finishAll(home, within)
	<-logged
	s.logRest()
	return err
}

// every calls f at an interval until done.
func every(interval time.Duration, done <-chan struct{}, f func()) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			f()
		}
	}
}

// startCrew starts the leads and the workers, and returns a channel that is
// closed when all have ended.
func (s *Server) startCrew() <-chan struct{} {
	s.standing.Store(leadCount)
	for _, l := range s.leads {
		s.running.Add(1)
		go func() {
			defer s.running.Done()
			l.loop()
		}()
	}
	s.mu.Lock()
	for s.crew.workers < CrewSize {
		s.startWorker()
	}
	s.mu.Unlock()
	home := make(chan struct{})
	go func() {
		defer close(home)
		s.running.Wait()
	}()
	return home
}

// end makes leads and workers finish what is in flight, and then end.
func (s *Server) end() {
	s.ending.Store(true)
	s.host.Wake()
	s.freed.Broadcast()
}

// send sends replies by a port. A reply that cannot be sent is dropped, as on a
// wire.
func (s *Server) send(p *Port, replies [][]byte) {
	n, err := p.link.Send(replies)
	p.counts.send(n, len(replies))
	s.note(p, &p.sending, err)
}
