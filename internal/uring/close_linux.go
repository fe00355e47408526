// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"errors"
	"fmt"
	"time"
)

// errInFlight means that requests are still in flight: the kernel may use their
// buffers until they end.
var errInFlight = errors.New("requests have not ended")

// Close cancels the requests in flight, waits for them up to a limit and releases
// the ring. The thread of an enabled ring must call it. If a request cannot be
// cancelled, such as a read that the disk does not answer, Close returns
// errInFlight.
func (r *Ring) Close(limit time.Duration) error {
	left := r.drain(time.Now().Add(limit))
	err := r.release()
	*r = Ring{fd: -1}
	if left > 0 {
		return errors.Join(fmt.Errorf("close the io_uring: %d %w", left, errInFlight), err)
	}
	return err
}

// drain cancels the requests in flight, and returns how many have not ended at
// the limit.
func (r *Ring) drain(deadline time.Time) int {
	for asked := false; r.inFlight > 0; {
		if !asked {
			asked = r.cancelEverything()
		}
		left := time.Until(deadline)
		if err := r.Enter(1, max(left, 0)); err != nil || left <= 0 && !r.Ready() {
			break
		}
		for range r.Completions {
		}
	}
	return r.inFlight - int(r.tail-r.sqHead.Load()) // without those that were never submitted
}
