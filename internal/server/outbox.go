// SPDX-License-Identifier: GPL-2.0-only

package server

// outbox holds replies that leave together, and the requests that they answer.
type outbox struct {
	requests []*request
	frames   [][]byte // of the replies that leave by one port, each in its request's buffer
}

// newOutbox returns an empty outbox for as many replies as leave at a time.
func newOutbox(n int) outbox {
	return outbox{make([]*request, 0, n), make([][]byte, 0, n)}
}

// put adds a request that has a reply. Its frame must not be used any more.
func (o *outbox) put(r *request) { o.requests = append(o.requests, r) }

// post sends the replies, by one port after the other, and empties the outbox.
func (o *outbox) post(s *Server) {
	for rest := o.requests; len(rest) > 0; {
		p, n := rest[0].port, 0
		for i, r := range rest {
			if r.port == p { // to the front, in their order; usually all are there already
				rest[i], rest[n] = rest[n], rest[i]
				n++
			}
		}
		o.send(s, p, rest[:n])
		rest = rest[n:]
	}
	o.requests = o.requests[:0]
}

// send sends the replies of requests by their port. The requests get the buffers
// that the link returns for theirs.
func (o *outbox) send(s *Server, p *Port, requests []*request) {
	o.frames = o.frames[:0]
	for _, r := range requests {
		o.frames = append(o.frames, r.Buf[:r.Reply])
	}
	s.send(p, o.frames)
	for i, r := range requests {
		r.Buf = o.frames[i][:len(r.Buf)]
	}
}
