// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"time"

	"vblade/internal/ata"
	"vblade/internal/uring"
)

// Limits of what a lead keeps in flight in its ring.
const (
	ringEntries = 256 // requests submitted at once
	maxFlights  = 2 * ringEntries
	maxVecs     = 8 // requests in a flight
)

// ring is a lead's io_uring, for disks that work asynchronously. It submits many
// requests with one system call, waits for disks and frames at once, and needs no
// hand-over. It belongs to the lead's thread.
//
// A lead makes no call that may block while its ring has requests in flight,
// because completed ones would have to wait for it.
type ring struct {
	*uring.Ring
	enabled bool // it is in use, by the lead's thread
	flights []flight
	free    []uint32      // numbers of the unused flights
	landed  time.Duration // clock when a flight completed last, or departed and was the only one
	entered time.Duration // clock before the last submission: requests that were prepared since have not begun
	done    []*request    // whose work is done
	failed  []*request    // that a worker has to repeat

	watched []int  // the host's descriptors
	armed   []bool // which of them are polled
	round   uint16 // counts on when others are watched
}

// flight is contiguous requests that the kernel does as one.
type flight struct {
	first *request
	bytes int32
	vecs  [maxVecs]uring.Vec
}

// newRing returns a ring that is not enabled yet.
func newRing() (*ring, error) {
	u, err := uring.New(ringEntries)
	if err != nil {
		return nil, err
	}
	return &ring{Ring: u}, nil
}

// makeReady allocates what flights need: most rings are never enabled.
func (g *ring) makeReady() {
	g.enabled = true
	g.flights = make([]flight, maxFlights)
	g.free = make([]uint32, maxFlights)
	for i := range g.free {
		g.free[i] = uint32(maxFlights - 1 - i)
	}
	g.done = make([]*request, 0, maxFlights*maxVecs)
	g.failed = make([]*request, 0, maxFlights*maxVecs)
}

// empty reports whether nothing is in flight.
func (g *ring) empty() bool { return g == nil || len(g.free) == len(g.flights) }

// takes reports whether an export's work of a kind goes by the ring.
func (g *ring) takes(e *export, op ata.Op) bool {
	if g == nil || e.draining.Load() > 0 {
		return false
	}
	switch op {
	case ata.OpRead:
		return e.async >= uring.AsyncReads
	case ata.OpWrite:
		return e.async == uring.Async
	}
	return false
}

// room reports whether n more requests can be prepared.
func (g *ring) room(n int) bool { return len(g.free) >= n && g.Room() >= n }

// depart prepares contiguous requests of one export, at most maxVecs, as one
// flight. The ring must have room for them.
func (g *ring) depart(requests []*request) {
	if g.empty() {
		g.landed = clock()
	}
	n := g.free[len(g.free)-1]
	g.free = g.free[:len(g.free)-1]
	f := &g.flights[n]
	f.first, f.bytes = requests[0], 0
	for i, r := range requests {
		f.vecs[i] = uring.VecOf(r.Work.Data)
		f.bytes += int32(len(r.Work.Data))
		if r.next = nil; i > 0 {
			requests[i-1].next = r
		}
	}
	first := requests[0]
	offset := first.export.start + first.Work.LBA*ata.SectorSize
	if first.Work.Op == ata.OpRead {
		g.Readv(uint64(n), first.export.fd, f.vecs[:len(requests)], offset)
	} else {
		g.Writev(uint64(n), first.export.fd, f.vecs[:len(requests)], offset)
	}
}

// reap collects the flights that have completed: their requests go into done, or
// into failed if not all of the flight was done, for any reason. It calls silence
// if the host's alarm rings, and returns how many flights have completed.
func (g *ring) reap(silence func()) (landed int) {
	if !g.Ready() {
		return 0
	}
	for c := range g.Completions {
		if c.Data >= pollData {
			g.polled(c, silence)
			continue
		}
		f := &g.flights[c.Data]
		list := &g.done
		if c.Result != f.bytes {
			list = &g.failed
		}
		for r := f.first; r != nil; r = r.next {
			*list = append(*list, r)
		}
		f.first = nil
		g.free = append(g.free, uint32(c.Data))
		landed++
	}
	if landed > 0 {
		g.landed = clock()
	}
	return landed
}
