// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync/atomic"
	"time"

	"vblade/internal/ata"
)

// pace learns, from the time that it takes, whether a kind of work on a disk is
// fast, so that the leader does it itself, or waits for the disk, so that others
// do it while the next frames are received. Hysteresis: an operation counts as
// slow once more than one run in paceStep is slow, and as fast again when the
// score returns to 0.
type pace struct {
	score atomic.Int32 // from 0 to paceMax
	slow  atomic.Bool
	sure  atomic.Uint32 // runs that began with the score at paceMax
}

// How the score moves.
const (
	paceStep = 8
	paceSlow = 2 * paceStep // the score at which work becomes slow
	paceMax  = 4 * paceStep
	paceLook = 16 // at paceMax one run of so many is looked at
)

// epoch is when clock began to run.
var epoch = time.Now()

// clock returns the time since epoch, cheaper than time.Now.
func clock() time.Duration { return time.Since(epoch) }

// What counts as fast. Handing a run to a worker and back costs some
// microseconds, and copying to or from the page cache costs this much for each
// byte.
const (
	fastRun     = 25 * time.Microsecond
	fastPerByte = 0.5 // nanoseconds
)

// timing is a run of which a pace learns.
type timing struct {
	begin    time.Duration // clock
	switches int64         // switchCount, or -1
}

// time begins to time a run. It looks at the thread, which takes a system call,
// only where it is in doubt what a slow run would mean.
func (p *pace) time(now time.Duration) timing {
	score := p.score.Load()
	if score == 0 || score == paceMax && p.sure.Add(1)%paceLook > 0 {
		return timing{now, -1}
	}
	return timing{now, switchCount()}
}

// note notes that a run has ended after a number of calls for a number of bytes,
// and reports whether it was slow. A run whose thread never slept has cost the
// CPU, or was held up by others that use it, but has not waited for a disk.
func (p *pace) note(t timing, calls, bytes int) (slow bool) {
	limit := time.Duration(calls)*fastRun + time.Duration(fastPerByte*float64(bytes))
	slow = clock()-t.begin > limit && (t.switches < 0 || switchCount() != t.switches)
	score := p.score.Load()
	switch {
	case slow && score < paceMax:
		score = p.score.Add(paceStep)
	case !slow && score > 0:
		score = p.score.Add(-1)
	}
	switch {
	case score >= paceSlow:
		p.slow.Store(true)
	case score <= 0 && p.slow.Load():
		p.slow.Store(false)
	}
	return slow
}

// stall notes that a run took longer than anything fast ever does.
func (p *pace) stall() {
	p.score.Store(paceMax)
	p.slow.Store(true)
}

// paces are the paces of the kinds of work on a disk.
type paces [ata.Ops]pace

// crowd learns whether the initiators of an export keep several requests
// outstanding. While they keep one, handing it over gains nothing: the leader
// does it in place, however slow the disk is. It belongs to the leader.
//
// Hysteresis, as for a pace: a request that finds another in flight, or that
// arrived while the leader did one in place, adds crowdStep; one that comes alone
// subtracts 1.
type crowd struct{ score int }

// How the score moves.
const (
	crowdStep  = 8
	crowdTwo   = 2 * crowdStep // at this score there are several
	crowdMost  = 4 * crowdStep // and it goes no higher
	crowdStall = 8 * crowdStep // except by a call that blocked the leader
)

// note notes whether a request came alone.
func (c *crowd) note(alone bool) {
	switch {
	case !alone && c.score < crowdMost:
		c.score += crowdStep
	case alone && c.score > 0:
		c.score--
	}
}

// stall notes that a call has blocked the leader. For a while, requests are not
// done in place just because they come alone.
func (c *crowd) stall() { c.score = crowdStall }

// several reports whether several requests are usually outstanding.
func (c *crowd) several() bool { return c.score >= crowdTwo }

// stall notes that a call has blocked the leader for longer than its patience.
func (e *export) stall(op ata.Op) {
	e.paces[op].stall()
	e.crowd.stall()
}
