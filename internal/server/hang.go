// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"math"
	"time"

	"vblade/internal/ata"
)

// hangLimits says when a disk counts as hanging: when one of the requests in
// flight, which are looked at now and then, has not ended for too long.
type hangLimits struct{ after, look time.Duration }

// never is a clock that no request sees.
const never = math.MaxInt64

// waiter is a request in flight.
type waiter struct {
	arrived time.Duration // clock of the turn that admitted it
	taken   time.Duration // clock since when it waits for no Save, or never
	stamp   int64         // when the kernel received it, among those of one turn
	work    ata.Work
}

// before reports whether the request came before another.
func (w waiter) before(other waiter) bool {
	return w.arrived < other.arrived || w.arrived == other.arrived && w.stamp < other.stamp
}

// age is how long the request has been in flight.
func (w waiter) age() time.Duration { return clock() - w.arrived }

// hangs reports whether the disk, or what the disk has to do first, has kept the
// request for so long.
func (w waiter) hangs(limit time.Duration) bool {
	return clock()-w.taken >= limit
}

// oldest returns, for each export, the request that has been in flight longest.
// It holds Server.mu for no longer than it takes to look at the requests of one
// port, a few microseconds.
func (s *Server) oldest() map[*export]waiter {
	oldest := make(map[*export]waiter)
	for _, p := range s.snapshot.Load().ports {
		if p.flying.Load() > 0 {
			s.lookAt(p, oldest)
		}
	}
	return oldest
}

// lookAt puts those requests of a port into oldest that are older than the ones
// there.
func (s *Server) lookAt(p *Port, oldest map[*export]waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range p.requests {
		if !r.flying {
			continue
		}
		w := waiter{r.arrived, r.taken, r.stamp, r.Work}
		if first, found := oldest[r.export]; !found || w.before(first) {
			oldest[r.export] = w
		}
	}
}

// watchDisks logs, until done, when a request has not ended for a long time, and
// when its disk goes on: one line each for an export. It logs frames that were too old.
func (s *Server) watchDisks(done <-chan struct{}) {
	every(s.hang.look, done, func() {
		s.lookForHangs()
		s.logStale()
	})
}

// lookForHangs is a look of watchDisks.
func (s *Server) lookForHangs() {
	s.work.Signal() // a batch that hangs gives way to another one
	oldest := s.oldest()
	for _, e := range s.snapshot.Load().exports {
		w, waits := oldest[e]
		e.lookAtSave(s.log, s.hang.after)
		e.health.hangs(waits && w.hangs(s.hang.after), w.work, s.hang.after)
	}
}
