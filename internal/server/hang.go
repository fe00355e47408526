// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"time"

	"vblade/internal/ata"
)

// How a disk that hangs is noticed: a request that has not ended for hangsAfter.
const (
	hangsAfter = 10 * time.Second
	lookEvery  = time.Second
)

// waiter is a request in flight.
type waiter struct {
	arrived time.Duration // clock
	work    ata.Work
}

// oldest returns of each export the request that has been in flight for the
// longest time.
func (s *Server) oldest() map[*export]waiter {
	oldest := make(map[*export]waiter)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inFlight.Load() == 0 {
		return oldest
	}
	for _, r := range s.requests {
		if r == nil || !r.flying {
			continue
		}
		if w, found := oldest[r.export]; !found || r.arrived < w.arrived {
			oldest[r.export] = waiter{r.arrived, r.Work}
		}
	}
	return oldest
}

// watchDisks logs, until done, when a request has not ended for a long time, and
// when its disk goes on: one line each for an export.
func (s *Server) watchDisks(done <-chan struct{}) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			oldest := s.oldest()
			for _, e := range s.snapshot.Load().exports {
				w, waits := oldest[e]
				e.health.hangs(w.work, waits && clock()-w.arrived >= hangsAfter)
			}
		}
	}
}
