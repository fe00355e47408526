// SPDX-License-Identifier: GPL-2.0-only

package server

import "time"

// maxAge is how long a frame may wait to be received. The initiator has repeated
// an older one, or will. It may also have gone on with another target of the same
// disk, whose newer data must not be overwritten. A process that was stopped and
// continued finds such frames.
const maxAge = time.Second

// clockJitter is the largest difference between readings of two clocks that run
// at the same rate, which are not read at the same moment.
const clockJitter = 50 * time.Millisecond

// ages tells how long frames have waited, from the real time at which the kernel
// received them. That clock may be set, and frames received before then seem
// older or younger than they are. For as long as such a frame can be fresh, ages
// subtracts the amount by which the clock was set forward. It belongs to the
// leader.
type ages struct {
	sinceBoot func() time.Duration // the time since the host has started, suspended or not

	now    time.Duration // clock, and
	real   int64         // the real time of the last look, in nanoseconds
	offset int64         // real less now
	boot   int64         // real less the time since the host has started, as of a change of offset

	forward time.Duration // by how much the clock was set
	doubt   time.Duration // clock until which forward counts
}

// look reads clock and the real time, for the frames that have been received.
func (a *ages) look(now time.Duration, real int64) {
	a.now, a.real = now, real
	offset := a.real - int64(a.now)
	if off := offset - a.offset; off > int64(clockJitter) || off < -int64(clockJitter) {
		a.offset = offset
		a.set(real - int64(a.sinceBoot()))
	}
}

// set is called when the real time and clock have diverged: the real time was
// set, or clock stood still while the host was suspended.
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

// ahead reports whether a stamp is so far in the future that the clock must have
// been set back.
func (a *ages) ahead(stamp int64) bool { return stamp-a.real > int64(maxAge) }

// tooOld reports whether a frame has waited longer than maxAge, by its stamp. It
// is false for a frame without a stamp or with one in the future.
func (a *ages) tooOld(stamp int64) bool {
	age := time.Duration(a.real - stamp)
	if age <= maxAge || stamp == 0 {
		return false
	}
	return a.now >= a.doubt || age-a.forward > maxAge
}
