// SPDX-License-Identifier: GPL-2.0-only

package server

// CrewSize is how many calls can wait for disks at once, in workers.
const CrewSize = 64

// spareWorkers is how many workers are reserved for exports that have none.
const spareWorkers = 16

// crew is the state that the workers share: the exports with requests that may
// start, and how many workers are free. Server.mu guards it.
//
// Exports take turns, and none may use up the crew. If there are several, an
// export with running calls starts another one only while it has fewer than there
// are free workers, not counting the spare ones. So a disk that hangs keeps half
// of these, the next one half of the rest, and so on. Each export may have one
// spare worker.
type crew struct {
	ring  []*export // exports with waiting requests, in turn
	free  int       // idle workers
	alone bool      // there is one export, which may have all of them
}

// mayStart reports whether an export may have another worker.
func (c *crew) mayStart(e *export) bool {
	return c.free > 0 && (c.alone || e.running == 0 || e.running < c.free-spareWorkers)
}

// put queues a request that may start.
func (c *crew) put(r *request) {
	e := r.export
	e.waiting.push(r)
	if !e.queued {
		e.queued = true
		c.ring = append(c.ring, e)
	}
}

// take moves the requests of the next run, of the export whose turn it is, into a
// worker's run. It returns false if nothing may start. Requests that continue the
// first one join the run even if they were queued separately.
func (c *crew) take(u *run) bool {
	for i, e := range c.ring {
		if !c.mayStart(e) {
			continue
		}
		copy(c.ring[i:], c.ring[i+1:])
		c.ring = c.ring[:len(c.ring)-1]
		u.reset()
		for !e.waiting.empty() && u.takes(e.waiting.first) {
			u.add(e.waiting.pop())
		}
		e.queued = !e.waiting.empty()
		if e.queued {
			c.ring = append(c.ring, e)
		}
		e.running++
		c.free--
		return true
	}
	return false
}

// startable reports whether a worker would find something to do.
func (c *crew) startable() bool {
	for _, e := range c.ring {
		if c.mayStart(e) {
			return true
		}
	}
	return false
}

// done returns a worker that has done a run of an export.
func (c *crew) done(e *export) {
	e.running--
	c.free++
}

// saturated reports whether a request of an export would have to wait for a
// worker.
func (s *Server) saturated(e *export) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.queued || !s.crew.mayStart(e)
}
