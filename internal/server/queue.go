// SPDX-License-Identifier: GPL-2.0-only

package server

// queue is a list of requests, first in, first out, chained by their next.
type queue struct{ first, last *request }

// empty reports whether the queue is empty.
func (q *queue) empty() bool { return q.first == nil }

// push appends a request.
func (q *queue) push(r *request) {
	r.next = nil
	if q.first == nil {
		q.first = r
	} else {
		q.last.next = r
	}
	q.last = r
}

// pop removes the first request. There must be one.
func (q *queue) pop() *request {
	r := q.first
	q.first, r.next = r.next, nil
	return r
}
