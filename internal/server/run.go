// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"vblade/internal/ata"
)

// maxRun is the most requests that one system call serves.
const maxRun = 64

// run is work of one kind on contiguous sectors, from one request or several
// that arrived after each other: it is done in one system call, whose vectors
// point into the frames.
type run struct {
	requests []*request
	vecs     [][]byte
	end      int64 // the sector behind the last
}

// newRun returns an empty run.
func newRun() run {
	return run{requests: make([]*request, 0, maxRun), vecs: make([][]byte, 0, maxRun)}
}

// reset empties the run.
func (u *run) reset() {
	u.requests, u.vecs = u.requests[:0], u.vecs[:0]
}

// op is the kind of work.
func (u *run) op() ata.Op { return u.requests[0].Work.Op }

// takes tells whether a request continues the run.
func (u *run) takes(r *request) bool {
	if len(u.requests) == 0 {
		return true
	}
	first := u.requests[0]
	return r.Work.Op == first.Work.Op && r.Work.LBA == u.end && r.export == first.export &&
		(r.Work.Op == ata.OpRead || r.Work.Op == ata.OpWrite) && len(u.requests) < maxRun
}

// add appends a request.
func (u *run) add(r *request) {
	u.requests = append(u.requests, r)
	u.vecs = append(u.vecs, r.Work.Data)
	u.end = r.Work.LBA + r.Work.Sectors()
}

// gather empties the run and fills it from the front of work, as far as it
// belongs together.
func (u *run) gather(work []*request) {
	u.reset()
	for _, r := range work {
		if !u.takes(r) {
			return
		}
		u.add(r)
	}
}

// gatherChain is gather from a chain of requests that belong together.
func (u *run) gatherChain(r *request) {
	u.reset()
	for ; r != nil; r = r.next {
		u.add(r)
	}
}

// bytes is the amount of data.
func (u *run) bytes() int {
	n := 0
	for _, v := range u.vecs {
		n += len(v)
	}
	return n
}

// try does the run if that takes no waiting for a disk, and says why it did not.
func (u *run) try() error {
	first := u.requests[0]
	err := first.export.disk.TryRead(first.Work.LBA, u.vecs)
	if err == nil {
		u.complete()
	}
	return err
}

// do does the run, however long it takes, and completes its requests.
func (u *run) do() {
	first := u.requests[0]
	disk, health := first.export.disk, &first.export.health
	n, err := disk.Do(u.op(), first.Work.LBA, u.vecs)
	switch {
	case err == nil:
		u.complete()
		health.note(first.Work, nil)
	case len(u.requests) == 1:
		first.Complete(n, err)
		health.note(first.Work, err)
	default: // each on its own: a bad sector fails only those that asked for it
		for i, r := range u.requests {
			n, err := disk.Do(r.Work.Op, r.Work.LBA, u.vecs[i:i+1])
			r.Complete(n, err)
			health.note(r.Work, err)
		}
	}
}

// complete completes requests whose work is all done.
func (u *run) complete() {
	for _, r := range u.requests {
		r.Complete(int(r.Work.Sectors()), nil)
	}
}
