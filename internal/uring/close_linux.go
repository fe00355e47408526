// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"errors"
	"fmt"
	"time"
)

// Close cancels what is in flight, waits for it up to a limit and releases the
// ring. On an enabled ring the ring's thread calls it. What cannot be cancelled
// (a read that a disk does not answer) is left behind with ErrInFlight.
func (r *Ring) Close(limit time.Duration) error {
	left := r.drain(time.Now().Add(limit))
	err := r.release()
	*r = Ring{fd: -1}
	if left > 0 {
		return errors.Join(fmt.Errorf("close the io_uring: %d %w", left, ErrInFlight), err)
	}
	return err
}

// drain cancels what is in flight, and returns how much has not ended by then.
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
	return r.inFlight - int(r.tail-r.sqHead.Load()) // without what was never submitted
}
