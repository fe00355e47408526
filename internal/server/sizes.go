// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"fmt"
	"sync/atomic"
	"time"

	"vblade/internal/ata"
)

// How often the size of each disk is looked at, and how many disks at a time.
const (
	sizeEvery  = 2 * time.Second
	sizeAtOnce = 32
)

// The states of looking at the size of a disk.
const (
	sizeIdle    int32 = iota
	sizeLooking       // a call is looking, which may hang with the disk
	sizeOver          // no call will look again: the disk may be closed
)

// sizing is the looks at the size of a disk: one at a time.
type sizing struct{ state atomic.Int32 }

// watchSizes looks at the size of every disk each s.sizeEvery until done, so that
// initiators are told of a disk that has grown. A look that hangs does not delay
// the others.
func (s *Server) watchSizes(done <-chan struct{}) {
	for {
		exports := s.snapshot.Load().exports
		steps := max(1, (len(exports)+sizeAtOnce-1)/sizeAtOnce)
		for step := range steps {
			select {
			case <-done:
				return
			case <-time.After(s.sizeEvery / time.Duration(steps)):
			}
			first := step * sizeAtOnce
			for _, e := range exports[first:min(first+sizeAtOnce, len(exports))] {
				e.lookAtSize()
			}
		}
	}
}

// lookAtSize starts a call that finds out the size of the export's disk, and
// whether its path still leads to it, unless one is running.
func (e *export) lookAtSize() {
	if !e.sizing.state.CompareAndSwap(sizeIdle, sizeLooking) {
		return
	}
	go func() {
		e.note(ata.Work{Op: ata.OpIdentify}, e.disk.Refresh())
		e.sizing.state.Store(sizeIdle)
	}()
}

// endSizing ends the looks at the size of the export's disk. It fails if a look
// has not ended in time.
func (e *export) endSizing(deadline time.Time) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !e.sizing.state.CompareAndSwap(sizeIdle, sizeOver) && e.sizing.state.Load() != sizeOver {
		if time.Now().After(deadline) {
			return fmt.Errorf("%s: its size is still being found out: the disk hangs", e.Name())
		}
		<-tick.C
	}
	return nil
}
