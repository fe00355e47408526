// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"cmp"
	"slices"
	"time"

	"vblade/internal/ata"
)

// CrewSize is how many calls of one export can wait for its disk at once, in workers.
const CrewSize = 64

// spareWorkers is how many workers are reserved for exports that have none, besides
// one for each.
const spareWorkers = 16

// crew is the state that the workers share: the exports with requests that may
// start, and how many workers there are. Server.mu guards it.
//
// Exports take turns, and none may use up the crew. There may be CrewSize workers, and
// one more for each export after the first. If there are several exports, one with
// running calls starts another one only while it has fewer than there are free workers,
// not counting the spare ones and those of the other exports. So a disk that hangs keeps
// half of these, the next one half of the rest, and so on. An export without running
// calls may always have a worker, because at least as many are free as there are such
// exports: only they may take one of the last.
//
// Exports seldom hang in such numbers, so there are CrewSize workers at first. Another is
// started when the last idle one gets something to do.
type crew struct {
	ring    []*export // exports with waiting requests, in turn
	exports int       // how many there are, also those that were removed and whose calls have not ended
	busy    int       // workers that do something
	workers int       // that there are now
}

// free returns how many workers there may be besides the busy ones.
func (c *crew) free() int { return CrewSize + c.others() - c.busy }

// others is how many exports there are besides one.
func (c *crew) others() int { return max(0, c.exports-1) }

// mayStart reports whether an export may have another worker. What one that is mute
// has waiting is only dropped, which keeps no worker.
func (c *crew) mayStart(e *export) bool {
	free := c.free()
	if e.running == 0 || c.exports == 1 || e.mute.Load() {
		return free > 0
	}
	return e.running < free-spareWorkers-c.others()
}

// lacksWorker reports whether all workers are busy and another may be started. Before the
// crew has started there are none to be busy.
func (c *crew) lacksWorker() bool { return c.workers > 0 && c.busy == c.workers && c.free() > 0 }

// hasTooMany reports whether an idle worker should end.
func (c *crew) hasTooMany() bool { return c.workers > CrewSize && c.workers-c.busy > spareWorkers }

// batchIsLate is how long a batch lasts before another one may begin beside it, if
// the disk gains by that: something of the first one hangs.
const batchIsLate = 20 * time.Millisecond

// batchIsLong is how long a batch may last, because no write of it is answered
// before all are. The next ones of that export are smaller then.
const batchIsLong = 100 * time.Millisecond

// mayWrite reports whether a batch of an export's writes may begin. Those of one
// that is mute are only dropped, and have nothing to wait for.
func (e *export) mayWrite() bool {
	return !e.writes.empty() && (e.batches == 0 || e.mute.Load() ||
		e.batches < e.disk.Batches() && clock()-e.batched > batchIsLate)
}

// writesNext reports whether a batch of an export's writes comes before what else
// it has waiting: what has arrived first comes first, for there may be one worker
// for both.
func (e *export) writesNext() bool {
	return e.mayWrite() && (e.waiting.empty() || e.writes.first.arrived <= e.waiting.first.arrived)
}

// startable reports whether a worker may start something of an export.
func (c *crew) startable(e *export) bool {
	return (!e.waiting.empty() || e.mayWrite()) && c.mayStart(e)
}

// put queues a request that may start.
func (c *crew) put(r *request) {
	e := r.export
	if r.Work.Op == ata.OpWrite && e.disk.Batches() > 0 {
		e.writes.push(r)
	} else {
		e.waiting.push(r)
	}
	if !e.queued {
		e.queued = true
		c.ring = append(c.ring, e)
	}
}

// take moves the requests of the next run, of the export whose turn it is, into a
// worker's run. It returns false if nothing may start.
func (c *crew) take(u *run) bool {
	i := slices.IndexFunc(c.ring, c.startable)
	if i < 0 {
		return false
	}
	e := c.ring[i]
	copy(c.ring[i:], c.ring[i+1:])
	c.ring = c.ring[:len(c.ring)-1]
	u.reset()
	if e.writesNext() {
		u.takeBatch(e)
	} else {
		u.takeFrom(&e.waiting)
	}
	if e.queued = !e.waiting.empty() || !e.writes.empty(); e.queued {
		c.ring = append(c.ring, e)
	}
	e.running++
	c.busy++
	return true
}

// takeFrom moves the requests at the front of a queue that belong together into
// the run. Requests that continue the first one join it even if they were queued
// separately.
func (u *run) takeFrom(q *queue) {
	for !q.empty() && u.takes(q.first) {
		u.add(q.pop())
	}
}

// takeBatch moves writes of an export into the run, in the order of the disk: it
// is free, because they may all start.
func (u *run) takeBatch(e *export) {
	u.batch = true
	e.batches++
	u.began = clock()
	e.batched = u.began
	for len(u.requests) < e.most && !e.writes.empty() {
		u.requests = append(u.requests, e.writes.pop())
	}
	slices.SortFunc(u.requests, func(a, b *request) int { return cmp.Compare(a.Work.LBA, b.Work.LBA) })
	for _, r := range u.requests {
		u.vecs = append(u.vecs, r.Work.Data)
	}
}

// ready reports whether a worker would find something to do.
func (c *crew) ready() bool { return slices.ContainsFunc(c.ring, c.startable) }

// done returns a worker that has done a run.
func (c *crew) done(u *run) {
	e := u.export()
	e.running--
	if u.batch {
		e.batches--
		e.learn(len(u.requests), clock()-u.began)
	}
	c.busy--
}

// learn adapts the size of an export's batches to how long one of n writes took.
func (e *export) learn(n int, took time.Duration) {
	switch {
	case took > batchIsLong:
		e.most = max(1, n/2)
	case took < batchIsLong/2 && n == e.most:
		e.most = min(maxRun, 2*n)
	}
}

// saturated reports whether a request of an export would have to wait for a
// worker.
func (s *Server) saturated(e *export) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !e.waiting.empty() || !s.crew.mayStart(e)
}
