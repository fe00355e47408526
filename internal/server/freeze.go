// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync"
	"sync/atomic"
	"time"
)

// freezeLook is how often the process looks whether it was frozen.
const freezeLook = 250 * time.Millisecond

// freezes knows when the process has not run for longer than maxAge: it was stopped by
// SIGSTOP, or its host was stalled or suspended. What was received before that and has
// not begun on the disk is older than maxAge, too, and is dropped. What only waits for
// a slow disk is not: there the process runs, and looks. Any goroutine may ask.
type freezes struct {
	beat atomic.Int64 // clock, and
	real atomic.Int64 // the real time, of the last look that counts
	over atomic.Int64 // clock when it was noticed that the last freeze was over

	mu        sync.Mutex // guards what follows
	sinceBoot func() time.Duration
	boot      time.Duration // sinceBoot of the look that counts
}

// look takes in clock and the real time, and notices a freeze that has just ended.
// Mostly it makes no system call.
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

// count makes a look count. The time since the host has started, which nobody sets, and
// which goes on while it is suspended, has the last word.
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

// since tells whether the process was frozen since a moment.
func (f *freezes) since(moment time.Duration) bool { return int64(moment) < f.over.Load() }

// watchFreezes looks until done, lest the process seems to be frozen while it only waits.
func (s *Server) watchFreezes(done <-chan struct{}) {
	tick := time.NewTicker(freezeLook)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			s.freezes.now()
		}
	}
}

// staleEvery is how often it is logged, at the most, that a port has dropped frames.
const staleEvery = 10 * time.Second

// logStale logs how many frames of each port have waited for too long since it last
// did, if any have. One goroutine calls it, now and then.
func (s *Server) logStale() {
	for _, p := range s.snapshot.Load().ports {
		n, now := p.counts.stale.Load(), clock()
		if n == p.staleTold || p.staleTold > 0 && now-p.staleLogged < staleEvery {
			continue
		}
		s.log.Warnf("%s: %s dropped, which had waited for more than %v: vblade or this host was stopped or held up",
			p.link.Name(), plural(int64(n-p.staleTold), "frame"), maxAge)
		p.staleTold, p.staleLogged = n, now
	}
}

// mayBegin tells whether the disk may be asked for a run's work. If not, its requests
// have no reply, and are counted where they have waited for too long. A run that
// freezes have made partly too old is so as a whole: initiators repeat the rest.
func (s *Server) mayBegin(u *run) bool {
	lapsed := false
	for _, r := range u.requests {
		lapsed = lapsed || s.freezes.since(r.arrived)
	}
	if lapsed {
		for _, r := range u.requests {
			r.port.counts.stale.Add(1)
		}
	}
	return !lapsed && !u.export().mute.Load()
}
