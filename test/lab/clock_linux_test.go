// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"testing"
	"time"
)

// TestClock has a clock look late, as when this machine stands still, and look again.
func TestClock(t *testing.T) {
	now := time.Now()
	c := &Clock{epoch: now.Add(-time.Minute)}
	c.looked.Store(int64(time.Minute - 2*clockStop))
	if !c.Stopped(now) {
		t.Error("a clock that has not looked for long has not noticed")
	}
	c.look()
	if !c.Stopped(now) || c.Now() != 0 {
		t.Errorf("after a stop: %v, after %v", c.Stopped(now), c.Now())
	}
	later := true
	for try := 0; (later || c.Now() == 0) && try < 100; try++ { // the machine may really stand still
		c.looked.Store(int64(time.Since(c.epoch) - clockTick))
		c.look()
		later = c.Stopped(time.Now().Add(time.Second))
	}
	if ran := c.Now(); later || ran < clockTick || ran > 2*clockStall {
		t.Errorf("it runs on for %v; what begins later sees a stop: %v", ran, later)
	}
}

// TestClockRuns waits until a clock has gone on.
func TestClockRuns(t *testing.T) {
	c := NewClock(t)
	for end := time.Now().Add(patience); c.Now() < 5*clockTick; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the clock stands still")
		}
	}
}
