// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync"
	"sync/atomic"
	"time"

	"vblade/internal/journal"
)

// freezeLook is how often the process looks whether it was frozen.
const freezeLook = 250 * time.Millisecond

// freezes detects that the process has not run for longer than maxAge: it was
// stopped by SIGSTOP, or its host was stalled or suspended. Requests that were
// received before and have not begun on the disk are then older than maxAge, and
// are dropped. Requests that only wait for a slow disk are not, because the
// process runs and looks meanwhile. Any goroutine may use it.
type freezes struct {
	beat atomic.Int64 // clock, and
	real atomic.Int64 // the real time, of the last look that counts
	over atomic.Int64 // clock when it was noticed that the last freeze was over

	mu        sync.Mutex // guards what follows
	sinceBoot func() time.Duration
	boot      time.Duration // sinceBoot of the look that counts
}

// look reads clock and the real time, and notices a freeze that has just ended.
// It usually makes no system call.
func (f *freezes) look(now time.Duration, real int64) {
	if now-time.Duration(f.beat.Load()) >= freezeLook/2 || real-f.real.Load() >= int64(freezeLook/2) {
		f.count(now, real)
	}
}

// now returns clock, and looks.
func (f *freezes) now() time.Duration {
	t := time.Now()
	now := t.Sub(epoch)
	f.look(now, t.UnixNano())
	return now
}

// count makes a look count. The time since the host has started decides, because
// it cannot be set and goes on while the host is suspended.
func (f *freezes) count(now time.Duration, real int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	boot := f.sinceBoot()
	if boot-f.boot > maxAge {
		f.over.Store(int64(now))
	}
	f.boot = boot
	f.beat.Store(int64(now))
	f.real.Store(real)
}

// since reports whether the process was frozen since a moment.
func (f *freezes) since(moment time.Duration) bool { return int64(moment) < f.over.Load() }

// watchFreezes looks until done, so that a process that only waits does not seem
// to be frozen.
func (s *Server) watchFreezes(done <-chan struct{}) {
	every(freezeLook, done, func() { s.freezes.now() })
}

// staleEvery is the shortest interval between log lines about frames that a port
// has dropped.
const staleEvery = 10 * time.Second

// logStale logs how many frames of each port have waited for too long since it last
// did, if any have. One goroutine calls it, now and then.
func (s *Server) logStale() {
	for _, p := range s.snapshot.Load().ports {
		n, now := p.counts.stale.Load(), clock()
		if n == p.staleTold || p.staleTold > 0 && now-p.staleLogged < staleEvery {
			continue
		}
		s.log.Warnf("%s: %s dropped, which had waited for more than %v: vblade or this host was stopped or held up, or a disk is too slow for what is asked of it",
			journal.Link(p.link.Name()), plural(int64(n-p.staleTold), "frame"), maxAge)
		p.staleTold, p.staleLogged = n, now
	}
}

// mayBegin reports whether the work of some requests of one export may begin on the
// disk, as far as the last look at the clocks tells. If not, they have no reply, and
// are counted if they have waited too long. If a freeze has made one of them too old,
// all are dropped: initiators repeat the rest.
func (s *Server) mayBegin(requests []*request) bool {
	lapsed := false
	for _, r := range requests {
		lapsed = lapsed || s.freezes.since(r.arrived)
	}
	if lapsed {
		for _, r := range requests {
			r.port.counts.stale.Add(1)
		}
	}
	return !lapsed && !requests[0].export.mute.Load()
}

// mayContinue is mayBegin for requests of which some work has been done already, which
// may have taken long.
func (s *Server) mayContinue(requests []*request) bool {
	s.freezes.now()
	return s.mayBegin(requests)
}
