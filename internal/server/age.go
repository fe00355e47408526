// SPDX-License-Identifier: GPL-2.0-only

package server

import "time"

// maxAge is how long a frame may wait to be received. An initiator has repeated an older
// one, or will; it may have gone on by another target of the same disk, whose newer
// data must not be overwritten. A process that was stopped finds such frames.
const maxAge = time.Second

// clockJitter is the most by which two readings of clocks that run alike may differ,
// since they are not made at the same moment.
const clockJitter = 50 * time.Millisecond

// ages tells how long frames have waited, by the real time at which the kernel received
// them. That clock may be set. Then what was received before seems to be older or
// younger than it is: for as long as such a frame can be fresh, ages subtracts by how
// much the clock was set forward. It is the leader's.
type ages struct {
	sinceBoot func() time.Duration // the time since the host has started, suspended or not

	now    time.Duration // clock, and
	real   int64         // the real time of the last look, in nanoseconds
	offset int64         // real less now
	boot   int64         // real less the time since the host has started, as of a change of offset

	forward time.Duration // by how much the clock was set
	doubt   time.Duration // clock until which forward counts
}

// look takes in clock and the real time, for the frames that were received by then.
func (a *ages) look(now time.Duration, real int64) {
	a.now, a.real = now, real
	offset := a.real - int64(a.now)
	if off := offset - a.offset; off > int64(clockJitter) || off < -int64(clockJitter) {
		a.offset = offset
		a.set(real - int64(a.sinceBoot()))
	}
}

// set takes in that the real time and clock have parted: the real time was set, or
// clock stood still because the host was suspended.
func (a *ages) set(boot int64) {
	step := time.Duration(boot - a.boot)
	first := a.boot == 0
	a.boot = boot
	if first || step <= clockJitter {
		return
	}
	if a.now >= a.doubt {
		a.forward = 0
	}
	a.forward += step
	a.doubt = a.now + maxAge
}

// ahead tells whether a stamp lies so far in the future that the clock was set back.
func (a *ages) ahead(stamp int64) bool { return stamp-a.real > int64(maxAge) }

// tooOld tells whether a frame has waited for longer than maxAge, given its stamp. Of
// one without a stamp, or with one that lies in the future, nobody knows.
func (a *ages) tooOld(stamp int64) bool {
	age := time.Duration(a.real - stamp)
	if age <= maxAge || stamp == 0 {
		return false
	}
	return a.now >= a.doubt || age-a.forward > maxAge
}
