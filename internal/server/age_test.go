// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"testing"
	"time"
)

// TestAges has frames wait, and the clock be set meanwhile: what has waited for longer
// than maxAge is too old, and nothing fresh is, whatever the clock says.
func TestAges(t *testing.T) {
	const ms = time.Millisecond
	type frame struct {
		came time.Duration // in true time
		old  bool
	}
	for name, c := range map[string]struct {
		sleeps time.Duration // from 100 ms on, the host is suspended for so long
		set    time.Duration // at 200 ms, the clock is set by so much
		now    time.Duration // in true time
		frames []frame
	}{
		"at rest":             {now: 5 * time.Second, frames: []frame{{3 * time.Second, true}, {4100 * ms, false}, {5 * time.Second, false}}},
		"set forward":         {set: time.Hour, now: 300 * ms, frames: []frame{{50 * ms, false}, {199 * ms, false}, {250 * ms, false}}},
		"set forward, a stop": {set: time.Hour, now: 5 * time.Second, frames: []frame{{50 * ms, true}, {3 * time.Second, false}, {4500 * ms, false}}},
		"set back":            {set: -time.Hour, now: 300 * ms, frames: []frame{{50 * ms, false}, {199 * ms, false}, {250 * ms, false}}},
		"set back a little":   {set: -500 * ms, now: 5 * time.Second, frames: []frame{{50 * ms, true}, {300 * ms, true}, {4500 * ms, false}}},
		"suspended":           {sleeps: time.Hour, now: time.Hour + 300*ms, frames: []frame{{50 * ms, true}, {time.Hour + 250*ms, false}}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newAgingHost(c.sleeps, c.set)
			a, real, look := &h.ages, h.real, h.look
			look(0)
			look(90 * ms)
			look(c.now)
			for _, f := range c.frames {
				if got := a.tooOld(real(f.came)); got != f.old {
					t.Errorf("a frame of %v is too old at %v: %v", f.came, c.now, got)
				}
			}
			if a.tooOld(0) {
				t.Error("a frame without a stamp is too old")
			}
			look(c.now + 2*time.Second)
			for _, f := range c.frames {
				if c.set >= 0 && !a.tooOld(real(f.came)) {
					t.Errorf("a frame of %v is not too old 2 seconds later", f.came)
				}
			}
			if a.tooOld(real(c.now + 1500*ms)) {
				t.Error("a fresh frame is too old 2 seconds later")
			}
		})
	}
}

// agingHost is a host that is suspended from 100 ms on, and whose clock is set 200 ms
// after it has started, not counting the time that it was suspended.
type agingHost struct {
	ages
	now         time.Duration // true time
	sleeps, set time.Duration
}

// newAgingHost returns a host that is suspended for a time, and its clock set by another.
func newAgingHost(sleeps, set time.Duration) *agingHost {
	h := &agingHost{sleeps: sleeps, set: set}
	h.sinceBoot = func() time.Duration { return h.now + 7*time.Hour }
	return h
}

// real returns what the host's clock shows at a true time.
func (h *agingHost) real(at time.Duration) int64 {
	const start = 1_700_000_000_000_000_000
	if at >= 200*time.Millisecond+h.sleeps {
		at += h.set
	}
	return start + int64(at)
}

// look has the host look at its clocks at a true time.
func (h *agingHost) look(at time.Duration) {
	h.now = at
	awake := at
	if at >= 100*time.Millisecond+h.sleeps {
		awake -= h.sleeps
	}
	h.ages.look(awake, h.real(at))
}
