// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// tries is how often an allocation must be seen to be the server's.
const tries = 20

// TestNothingAllocates checks that the server allocates nothing on any frame's
// way, from Receive to Send.
func TestNothingAllocates(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	eachCase(t, func(t *testing.T, c frametest.Case, kind diskKind) {
		// The runtime allocates now and then on its own account: what a frame
		// costs is the least of several tries.
		least := ^uint64(0)
		for try := 0; try < tries && least > 0; try++ {
			s := serve(t, c.Export, kind)
			s.fail(c.Export)
			s.tireLog()
			s.run(c.Before)
			s.settle()
			least = min(least, s.allocations(c.Request, c.Reply != nil))
			s.end()
		}
		if least > 0 {
			t.Errorf("%d allocations", least)
		}
	})
}

// fail has a bad disk fail, so that this is no news any more: the first failure
// makes a line in the log.
func (s *session) fail(e frametest.Export) {
	s.t.Helper()
	switch {
	case e.BadFlush:
		s.pass(ataFrame(0xe7, 0, 0, frametest.Slot))
	case e.BadSector > 0:
		s.pass(ataFrame(0x20, 1, uint64(e.BadSector), frametest.Slot))
	default:
		return
	}
	for !strings.Contains(s.log.String(), ": ") {
		runtime.Gosched()
	}
	s.link.Forget()
}

// tireLog has so many changes logged that the next ones wait for seconds: what a
// line of the log costs is not on a frame's way.
func (s *session) tireLog() {
	s.t.Helper()
	var frames [][]byte
	for range 10 {
		frames = append(frames,
			reserveFrame(frametest.Friend, aoe.ReserveForceSet, frametest.Friend),
			reserveFrame(frametest.Friend, aoe.ReserveForceSet))
	}
	for range 2 { // the first are logged, the next wait
		s.pass(frames...)
		s.settle()
	}
}

// settle returns once the server has made all that it makes at its start.
func (s *session) settle() {
	s.t.Helper()
	nothing := make([]byte, aoe.HeaderLen-1) // too short to be anything
	for quiet := 0; quiet < 3; quiet++ {
		for range 100 {
			runtime.Gosched() // the exchange alone would leave the others no time
		}
		if s.allocations(nothing, false) > 0 {
			quiet = 0
		}
	}
}

// allocations counts the allocations from a frame's delivery to its reply, or
// where it is not answered to the reply to the next.
func (s *session) allocations(frame []byte, answered bool) uint64 {
	s.t.Helper()
	s.pass()
	s.link.Forget()
	probe := bytes.Clone(s.probe)
	passed := func() bool {
		return s.link.Reply(aoe.Frame(probe).Tag()) != nil && (!answered || s.link.Reply(frametest.Tag) != nil)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s.link.Deliver(frame, probe)
	ok := s.link.Await(passed)
	runtime.ReadMemStats(&after)
	if !ok {
		s.t.Fatal("not answered")
	}
	return after.Mallocs - before.Mallocs
}
