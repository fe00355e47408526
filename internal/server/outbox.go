// SPDX-License-Identifier: GPL-2.0-only

package server

// outbox holds replies that leave in one call, and the requests that they answer.
type outbox struct {
	requests []*request
	frames   [][]byte // the replies, each in its request's buffer
}

// newOutbox returns an empty outbox for as many replies as leave at a time.
func newOutbox(n int) outbox {
	return outbox{make([]*request, 0, n), make([][]byte, 0, n)}
}

// put lays in a request's reply. The frame is not to be looked at any more.
func (o *outbox) put(r *request) {
	o.requests = append(o.requests, r)
	o.frames = append(o.frames, r.Buf[:r.Reply])
}

// clear empties the outbox. Its requests go on with the buffers that the link has
// left for theirs.
func (o *outbox) clear() {
	for i, r := range o.requests {
		r.Buf = o.frames[i][:len(r.Buf)]
	}
	o.requests, o.frames = o.requests[:0], o.frames[:0]
}

// post sends the replies of an outbox, and returns whether all could be sent.
func (s *Server) post(o *outbox) bool {
	all := s.send(o.frames)
	o.clear()
	return all
}
