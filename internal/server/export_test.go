// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"math"
	"slices"
	"time"
)

// Limits that tests go to.
const (
	LeadCount    = leadCount
	MaxSweeps    = maxSweeps
	ChoreStep    = choreStep
	RingPatience = ringPatience
	MaxAge       = maxAge
)

// Requests returns how many of a port's requests are idle, and how many there are.
func (s *Server) Requests(p *Port) (idle, all int) {
	s.ask(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		idle, all = len(p.idle)+len(p.free), len(p.requests)
	})
	return idle, all
}

// Undone returns how many requests in flight have work that is not done.
func (s *Server) Undone() int { return int(s.undone.Load()) }

// LookAtSizesEvery says how often the sizes of disks are looked at. Call it before
// Serve.
func (s *Server) LookAtSizesEvery(interval time.Duration) { s.sizeEvery = interval }

// LosePatienceAfter says when a disk counts as hanging, and how often that is looked
// at. Call it before Serve.
func (s *Server) LosePatienceAfter(after, look time.Duration) { s.hang = hangLimits{after, look} }

// Forgiven is the longest that a server may be held up that forgives it.
const Forgiven = time.Hour

// ForgiveStalls has the server drop nothing because the machine was held up: what
// is on a link in memory is sent once. It counts frames as younger by Forgiven than
// they are, finds no freeze but that of Freeze, and waits for a share for longer.
// Call it before Serve.
func (s *Server) ForgiveStalls() {
	s.ages.forward, s.ages.doubt = Forgiven, math.MaxInt64
	now := s.freezes.boot
	s.freezes.sinceBoot = func() time.Duration { return now }
	s.shareWait = 3 * time.Second
}

// ShedSoon has the server wait for a share for no longer than in use. Call it before
// Serve.
func (s *Server) ShedSoon() { s.shareWait = shareWait }

// FillLanes has the server behave as if it had as many exports as it may have.
func (s *Server) FillLanes() { s.lanes.next = MaxExports }

// Ending tells that nothing more is received.
func (s *Server) Ending() bool { return s.ending.Load() }

// Standing returns how many leads stand by.
func (s *Server) Standing() int { return int(s.standing.Load()) }

// Flown reports whether anything has come by a ring. Call it once the server has
// ended.
func (s *Server) Flown() bool {
	return slices.ContainsFunc(s.leads[:], func(l *lead) bool { return l.ring != nil && l.ring.enabled })
}

// Freeze has the server find at its next look that the process was frozen until then.
func (s *Server) Freeze() {
	f := &s.freezes
	f.mu.Lock()
	defer f.mu.Unlock()
	f.boot -= 2 * maxAge
	f.beat.Add(int64(-2 * maxAge))
}

// AdvertisedLongAgo has the server believe that it has not advertised for long.
func (s *Server) AdvertisedLongAgo() {
	s.ask(func() {
		for _, e := range s.exports {
			e.advertised -= 2 * ownEcho
		}
	})
}

// ForgetPaces has all work of all exports count as fast, until more is measured.
func (s *Server) ForgetPaces() {
	for _, e := range s.snapshot.Load().exports {
		for i := range e.paces {
			e.paces[i].score.Store(0)
			e.paces[i].slow.Store(false)
		}
	}
}

// Lanes returns how many lanes are in use.
func (s *Server) Lanes() (n int) {
	s.ask(func() { n = s.lanes.used() })
	return n
}

// Workers is how many workers there are.
func (s *Server) Workers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.crew.workers
}
