// SPDX-License-Identifier: GPL-2.0-only

package server

// queue is a ring of runs that may start, in the order in which they became
// ready. A run is a chain of requests that belong together.
type queue struct {
	ring  []*request
	first int
	n     int
}

// newQueue returns an empty queue with room for size runs.
func newQueue(size int) queue { return queue{ring: make([]*request, size)} }

// push appends a run.
func (q *queue) push(r *request) {
	q.ring[(q.first+q.n)%len(q.ring)] = r
	q.n++
}

// pop takes out the first run, of one or more.
func (q *queue) pop() *request {
	r := q.ring[q.first]
	q.ring[q.first] = nil
	q.first = (q.first + 1) % len(q.ring)
	q.n--
	return r
}
