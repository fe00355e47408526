// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"slices"
	"time"

	"vblade/internal/ata"
	"vblade/internal/uring"
)

// How much a lead keeps in flight by its ring.
const (
	ringEntries = 256 // requests submitted at once
	maxFlights  = 2 * ringEntries
	maxAboard   = 8 // requests in a flight
)

// ring is a lead's way to disks that work asynchronously: an io_uring, which takes
// many requests with one system call, waits for disks and for frames at once, and
// costs no hand-over. It belongs to the lead's thread.
//
// A lead makes no call that may keep it while something is in flight by its ring:
// what completes meanwhile would be kept, too.
type ring struct {
	*uring.Ring
	enabled bool // it is in use, by the lead's thread
	flights []flight
	free    []uint32 // flights that are not in the air, by number
	landed  time.Duration
	entered time.Duration // clock of the last entry: what is prepared since has not begun
	done    []*request    // that have landed, whose work is done
	failed  []*request    // that have landed and need another try, by a worker

	watched []int  // the host's descriptors
	armed   []bool // which of them are polled
}

// flight is contiguous requests that the kernel does in one.
type flight struct {
	first *request
	bytes int32
	vecs  [maxAboard]uring.Vec
}

// The data of a ring's requests: the number of a flight, or this and the number of
// a descriptor that is polled.
const (
	pollData   = 1 << 32
	cancelData = 1 << 33
)

// newRing returns a ring that is not in use yet.
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
	g.done = make([]*request, 0, maxFlights*maxAboard)
	g.failed = make([]*request, 0, maxFlights*maxAboard)
}

// empty tells that nothing is in flight.
func (g *ring) empty() bool { return g == nil || len(g.free) == len(g.flights) }

// takes tells whether an export's work of a kind goes by the ring.
func (g *ring) takes(e *export, op ata.Op) bool {
	if g == nil || e.adrift.Load() > 0 {
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

// room tells whether n more requests can be prepared.
func (g *ring) room(n int) bool { return len(g.free) >= n && g.Room() >= n }

// depart prepares contiguous requests of one export, maxAboard at the most, for
// which there is room.
func (g *ring) depart(requests []*request) {
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
		g.Readv(uint64(n), first.export.fd, f.vecs[:len(requests)], offset, 0)
	} else {
		g.Writev(uint64(n), first.export.fd, f.vecs[:len(requests)], offset, 0)
	}
}

// reap takes what has completed: into done, or where not all of a flight was done,
// for whatever reason, into failed. It calls silence where the host's alarm was
// heard, and returns how many flights have landed.
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

// polled takes in that a descriptor has something, or that a poll was cancelled.
func (g *ring) polled(c uring.Completion, silence func()) {
	i := int(c.Data - pollData)
	if c.Data >= cancelData || i >= len(g.armed) {
		return
	}
	g.armed[i] = false
	if i == 0 && c.Result > 0 {
		silence()
	}
}

// watch has a wait of the ring end when a descriptor of the host is readable.
func (g *ring) watch(host Host) {
	now := host.Descriptors()
	if !slices.Equal(now, g.watched) {
		for i, armed := range g.armed {
			if armed {
				g.Cancel(cancelData, pollData+uint64(i))
			}
		}
		g.watched = append(g.watched[:0], now...)
		g.armed = append(g.armed[:0], make([]bool, len(now))...)
	}
	for i, fd := range g.watched {
		if !g.armed[i] {
			g.armed[i] = g.Poll(pollData+uint64(i), fd, uring.PollIn, 0)
		}
	}
}
