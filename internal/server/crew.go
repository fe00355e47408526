// SPDX-License-Identifier: GPL-2.0-only

package server

// CrewSize is how many calls can wait for disks at once, in workers.
const CrewSize = 64

// spareWorkers is how many workers only those exports may have that have none.
const spareWorkers = 16

// crew is what the workers share: which exports have requests that may start,
// and how many workers are busy. Server.mu guards it.
//
// Exports take turns, and none may use up the crew: where there are several, one
// that has calls running starts another only while it has fewer than there are
// workers free beyond spare. A disk that hangs keeps half of those, the next one
// half of the rest, and so on; of the spare ones each export has one at the most.
type crew struct {
	ring  []*export // that have requests waiting, in turn
	free  int       // workers that do nothing
	alone bool      // there is one export, which may have all of them
}

// mayStart tells whether an export may have another worker.
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

// take moves the requests of the next run, of the export whose turn it is, into
// a worker's run; false where nothing may start. What continues the first of them
// goes along, though it was queued by itself.
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

// startable tells whether a worker that comes now finds something to do.
func (c *crew) startable() bool {
	for _, e := range c.ring {
		if c.mayStart(e) {
			return true
		}
	}
	return false
}

// done takes a worker back that has done a run of an export.
func (c *crew) done(e *export) {
	e.running--
	c.free++
}

// saturated tells whether a request of an export would have to wait for a worker.
func (s *Server) saturated(e *export) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return e.queued || !s.crew.mayStart(e)
}
