// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"time"

	"vblade/internal/ata"
)

// maxRun is the most requests in a run, so that a disk does it in one system call.
const maxRun = ata.MaxVectors

// run is work of one kind on contiguous sectors, from one or several requests.
// One system call does it, and its vectors point into the frames. Or it is a batch
// of writes.
type run struct {
	requests []*request
	vecs     [][]byte

	batch bool          // its requests are writes, which need not be contiguous
	began time.Duration // clock when the batch began
}

// newRun returns an empty run.
func newRun() run {
	return run{requests: make([]*request, 0, maxRun), vecs: make([][]byte, 0, maxRun)}
}

// reset empties the run.
func (u *run) reset() {
	u.requests, u.vecs, u.batch = u.requests[:0], u.vecs[:0], false
}

// op returns the kind of work.
func (u *run) op() ata.Op { return u.requests[0].Work.Op }

// export returns the export whose work it is.
func (u *run) export() *export { return u.requests[0].export }

// continues reports whether a request may follow another in one run.
func (r *request) continues(last *request) bool {
	return r.Work.Op == last.Work.Op && r.Work.LBA == last.Work.LBA+last.Work.Sectors() && r.export == last.export &&
		(r.Work.Op == ata.OpRead || r.Work.Op == ata.OpWrite)
}

// takes reports whether a request continues the run.
func (u *run) takes(r *request) bool {
	n := len(u.requests)
	return n == 0 || n < maxRun && r.continues(u.requests[n-1])
}

// add appends a request.
func (u *run) add(r *request) {
	u.requests = append(u.requests, r)
	u.vecs = append(u.vecs, r.Work.Data)
}

// gather empties the run and fills it with the requests at the front of work that
// belong together.
func (u *run) gather(work []*request) {
	u.reset()
	for _, r := range work {
		if !u.takes(r) {
			return
		}
		u.add(r)
	}
}

// bytes returns the amount of data.
func (u *run) bytes() int {
	n := 0
	for _, v := range u.vecs {
		n += len(v)
	}
	return n
}

// tryRead does a run of reads if that does not wait for a disk, and returns
// whether it did; tells is false if the disk cannot tell.
func (u *run) tryRead() (done, tells bool) {
	switch err := u.export().disk.TryRead(u.requests[0].Work.LBA, u.vecs); err {
	case nil:
		u.complete()
		return true, true
	case ata.ErrWouldWait:
		return false, true
	}
	return false, false
}

// doRun does a run, which may block, and completes its requests.
func (s *Server) doRun(u *run) {
	n, err := u.export().disk.Do(u.op(), u.requests[0].Work.LBA, u.vecs)
	s.endRun(u, n, err)
}

// endRun completes the requests of a run of which one call has done n sectors. If
// the call failed and the run has several requests, each is done separately, so
// that a bad sector fails only the requests for it, unless nothing may begin any
// more.
func (s *Server) endRun(u *run, n int, err error) {
	e := u.export()
	first := u.requests[0]
	switch {
	case err == nil:
		u.complete()
		e.note(first.Work, nil)
	case len(u.requests) == 1:
		first.Complete(n, err)
		e.note(first.Work, err)
	default:
		for i, r := range u.requests {
			if !s.mayContinue(u.requests[i:]) {
				return
			}
			n, err := e.disk.Do(r.Work.Op, r.Work.LBA, u.vecs[i:i+1])
			r.Complete(n, err)
			e.note(r.Work, err)
		}
	}
}

// parts yields the contiguous parts of a batch: where each begins on the disk, in
// bytes, and its vectors.
func (u *run) parts(yield func(off int64, vecs [][]byte) bool) {
	for i := 0; i < len(u.requests); {
		n := i + 1
		for n < len(u.requests) && u.requests[n].continues(u.requests[n-1]) {
			n++
		}
		if !yield(u.requests[i].Work.LBA*ata.SectorSize, u.vecs[i:n]) {
			return
		}
		i = n
	}
}

// isOne reports whether a batch has one part, so that it is like any run.
func (u *run) isOne() bool {
	for _, vecs := range u.parts {
		return len(vecs) == len(u.vecs)
	}
	return true
}

// doBatch does a batch of writes and completes its requests, unless nothing may
// begin any more. It returns how many calls of WriteAt that took.
func (s *Server) doBatch(u *run) (calls int) {
	if u.isOne() {
		s.doRun(u)
		return 1
	}
	b := u.export().disk.Begin()
	for off, vecs := range u.parts {
		b.Expect(vecs, off)
	}
	var failed error
	begins := true
	for off, vecs := range u.parts {
		if begins = s.mayContinue(u.requests); !begins {
			break
		}
		if _, err := b.WriteAt(vecs, off); err != nil {
			failed = err
		}
		calls++
	}
	if err := b.Commit(); failed == nil {
		failed = err
	}
	if begins {
		s.endRun(u, 0, failed)
	}
	return calls
}

// complete completes requests whose work was all done.
func (u *run) complete() {
	for _, r := range u.requests {
		r.Complete(int(r.Work.Sectors()), nil)
	}
}
