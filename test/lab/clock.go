// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"sync/atomic"
	"testing"
	"time"
)

// clockTick is how often a Clock goes on, clockStall how late it may do so.
const (
	clockTick  = 20 * time.Millisecond
	clockStall = 100 * time.Millisecond
)

// Clock tells the time during which a test was able to run. It stands still while the
// process, or the machine under it, does.
type Clock struct{ ran atomic.Int64 }

// NewClock starts a clock for the length of a test.
func NewClock(t testing.TB) *Clock {
	c, done, ended := new(Clock), make(chan struct{}), make(chan struct{})
	t.Cleanup(func() {
		close(done)
		<-ended
	})
	go func() {
		defer close(ended)
		tick := time.NewTicker(clockTick)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			now := time.Now()
			if gap := now.Sub(last); gap < clockStall {
				c.ran.Add(int64(gap))
			}
			last = now
		}
	}()
	return c
}

// Now returns for how long the test has run since NewClock.
func (c *Clock) Now() time.Duration { return time.Duration(c.ran.Load()) }
