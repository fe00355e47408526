// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// waiter is what Wait keeps from call to call.
type waiter struct{ fds []unix.PollFd }

// Wait returns once there may be something to receive on a link, a link's Changes
// have counted on, links have come or gone, or after Wake; and after limit, if
// that is not negative. HostConfig has no effect.
func (h *Host) Wait(limit time.Duration) {
	h.using.RLock()
	defer h.using.RUnlock()
	if h.excluding.Load() > 0 {
		return
	}
	r := h.links.Load()
	if h.woken.Load() {
		h.Silence()
		return
	}
	if r.pending() {
		return
	}
	w := &h.waiter
	w.fds = w.fds[:0]
	for _, fd := range r.fds {
		w.fds = append(w.fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	unix.Poll(w.fds, milliseconds(limit)) // interrupted by a signal it returns early
	if w.fds[0].Revents != 0 {
		h.Silence()
	}
}

// milliseconds returns the timeout for a poll(2) that lasts at least as long as
// limit, forever if that is negative.
func milliseconds(limit time.Duration) int {
	if limit < 0 {
		return -1
	}
	return int(min((limit+time.Millisecond-1)/time.Millisecond, math.MaxInt32))
}

// WaitAsleep is Wait, which never stays awake on this system.
func (h *Host) WaitAsleep(limit time.Duration) { h.Wait(limit) }
