// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"sync/atomic"
	"testing"
	"time"
)

// How often a Clock looks, how late it may be to have run meanwhile, and how late it is
// where a program may find that it was stopped.
const (
	clockTick  = 20 * time.Millisecond
	clockStall = 100 * time.Millisecond
	clockStop  = 500 * time.Millisecond
)

// Clock tells the time during which a test was able to run. It stands still while the
// process, or the machine under it, does. Its times are nanoseconds since epoch.
type Clock struct {
	epoch   time.Time
	ran     atomic.Int64 // how many of them the test has had
	looked  atomic.Int64 // when it last looked
	stopped atomic.Int64 // when it last looked late by clockStop
}

// NewClock starts a clock for the length of a test.
func NewClock(t testing.TB) *Clock {
	c, done, ended := &Clock{epoch: time.Now()}, make(chan struct{}), make(chan struct{})
	t.Cleanup(func() {
		close(done)
		<-ended
	})
	go func() {
		defer close(ended)
		tick := time.NewTicker(clockTick)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				c.look()
			}
		}
	}()
	return c
}

// look adds the time since the last look, unless it comes late.
func (c *Clock) look() {
	now := int64(time.Since(c.epoch))
	gap := time.Duration(now - c.looked.Load())
	switch {
	case gap < clockStall:
		c.ran.Add(int64(gap))
	case gap >= clockStop:
		c.stopped.Store(now)
	}
	c.looked.Store(now)
}

// Now returns for how long the test has run since NewClock.
func (c *Clock) Now() time.Duration { return time.Duration(c.ran.Load()) }

// Stopped reports whether the test has stood still, since some time, for so long that a
// program beside it may find frames too old.
func (c *Clock) Stopped(since time.Time) bool {
	late := time.Since(c.epoch) - time.Duration(c.looked.Load())
	return late >= clockStop || c.stopped.Load() > int64(since.Sub(c.epoch))
}
