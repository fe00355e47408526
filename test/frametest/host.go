// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Host is the links in memory that a server waits for together (a server.Host).
type Host struct {
	stamp   atomic.Int64 // of the frame delivered last, on any link
	arrived chan struct{}
	late    *time.Timer // of Wait

	mu    sync.Mutex
	links []*Link
}

// NewHost returns a host without links.
func NewHost() *Host {
	return &Host{arrived: make(chan struct{}, 1), late: time.NewTimer(patience)}
}

// newStamp returns a stamp later than all before.
func (h *Host) newStamp() int64 {
	for {
		last := h.stamp.Load()
		next := max(last+1, time.Now().UnixNano())
		if h.stamp.CompareAndSwap(last, next) {
			return next
		}
	}
}

// add adds a link to those that Wait waits for.
func (h *Host) add(l *Link) {
	h.mu.Lock()
	h.links = append(h.links, l)
	h.mu.Unlock()
}

// pending reports whether a link has something to receive.
func (h *Host) pending() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.links, (*Link).pending)
}

// Wait returns once a link may have something to receive, or after limit, if that
// is not negative.
func (h *Host) Wait(limit time.Duration) {
	if h.pending() {
		return
	}
	var late <-chan time.Time
	if limit >= 0 {
		h.late.Reset(limit)
		late = h.late.C
	}
	select {
	case <-h.arrived:
	case <-late:
	}
}

// WaitAsleep is Wait.
func (h *Host) WaitAsleep(limit time.Duration) { h.Wait(limit) }

// Wake ends this Wait, or the next.
func (h *Host) Wake() { signal(h.arrived) }

// Descriptors returns none: there are no files here.
func (h *Host) Descriptors() []int { return nil }

// Silence does nothing: there is nothing to silence.
func (h *Host) Silence() {}

// Leave removes a link from those that Wait waits for.
func (h *Host) Leave(l *Link) {
	h.mu.Lock()
	h.links = slices.DeleteFunc(h.links, func(other *Link) bool { return other == l })
	h.mu.Unlock()
}
