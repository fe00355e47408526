// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"fmt"
	"slices"
	"time"
)

// A remnant is a removed export whose calls have not ended: its disk hangs. Its
// writes may reach the disk long after the removal. An export that is added on the
// same sectors meanwhile, which may be the same one again, therefore shares the
// remnant's lane: its requests wait for those calls that they overlap, as if the
// export had never been removed.

// remnantLook is how often a remnant is looked at.
const remnantLook = 100 * time.Millisecond

// laneFor returns the lane for an export that is to be added, or why it cannot
// have one. Leader only.
func (s *Server) laneFor(e *export) (*lane, error) {
	var shared *lane
	for _, r := range s.remnants {
		some, aligned := e.disk.Shares(r.disk)
		switch {
		case !some:
		case r.keeping.since.Load() > 0 && e.keeping.keeper != nil:
			return nil, fmt.Errorf("%s was removed while a change of its state was being kept, which has not ended; add it again once it has", r.Name())
		case !aligned && !(e.disk.ReadOnly() && r.disk.ReadOnly()), shared != nil && shared != r.lane:
			return nil, fmt.Errorf("the disk hangs: calls of %s, which was removed, have not ended and may still write to the same sectors; add it again once they have", r.Name())
		case aligned:
			shared = r.lane
		}
	}
	switch {
	case shared != nil:
		return shared, nil
	case s.lanes.used() == MaxExports:
		return nil, fmt.Errorf("a server has at most %d exports, including those that hang although they were removed; start another server", MaxExports)
	}
	return s.lanes.take(), nil
}

// forget ends a remnant whose calls have ended. Its error names another one on
// whose lane it was, if calls of that may still write: until they have ended, no
// other process may serve the disk, which does not wait for them.
func (s *Server) forget(e *export) (err error) {
	s.ask(func() {
		s.mu.Lock()
		s.remnants = slices.DeleteFunc(s.remnants, func(r *export) bool { return r == e })
		s.crew.exports--
		s.mu.Unlock()
		s.work.Signal() // the other export may now have more of the crew
		s.lanes.give(e.lane)
		for _, r := range s.remnants {
			if r.lane == e.lane && r.mute.Load() && r.flying.Load() > 0 && !r.disk.ReadOnly() {
				err = fmt.Errorf("calls of %s, which was removed before, have not ended and may still write to the same sectors", r.Name())
			}
		}
	})
	return err
}

// leaveBehind returns the error of a removal that has timed out with err, and
// completes it once the export's calls and its last sync have ended.
func (s *Server) leaveBehind(e *export, synced <-chan error, err error) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range synced {
		}
		for e.inUse() {
			time.Sleep(remnantLook)
		}
		s.forget(e)
	}()
	return UnfinishedError{err, e.keeping.since.Load() > 0, done}
}

// inUse reports whether a call uses the export's disk. Once it has returned false,
// none does.
func (e *export) inUse() bool {
	idle := e.sizing.state.CompareAndSwap(sizeIdle, sizeOver) || e.sizing.state.Load() == sizeOver
	return !idle || e.flying.Load() > 0
}

// UnfinishedError is the error of a removal that has timed out: calls that hang
// still use the disk, and buffers of the ports.
type UnfinishedError struct {
	err   error
	saves bool
	done  <-chan struct{}
}

// Error says what hangs.
func (e UnfinishedError) Error() string { return e.err.Error() }

// Unwrap returns what hangs.
func (e UnfinishedError) Unwrap() error { return e.err }

// Saves reports whether the Keeper is still in use.
func (e UnfinishedError) Saves() bool { return e.saves }

// Done returns a channel that is closed once the calls have ended.
func (e UnfinishedError) Done() <-chan struct{} { return e.done }
