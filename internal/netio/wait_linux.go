// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// waiter is what Wait keeps from call to call.
type waiter struct {
	pays  bool          // the last wait ended within HostConfig.Spin
	fds   []unix.PollFd // what is polled
	limit unix.Timespec // for so long
}

// Wait returns once there may be something to receive on a link, a link's
// Changes have counted on, links have come or gone, or after Wake; and after
// limit, where that is not negative.
//
// First it stays awake, while that pays; then it sleeps in a raw system call, for
// the time that HostConfig says; at last it sleeps in an ordinary system call.
func (h *Host) Wait(limit time.Duration) {
	h.using.RLock()
	defer h.using.RUnlock()
	if h.excluding.Load() > 0 {
		return
	}
	r := h.links.Load()
	if h.found(r) {
		return
	}
	begin, short := time.Now(), h.config.Linger
	if limit >= 0 {
		short = min(short, limit)
	}
	found := h.waitAwake(r, begin, min(h.config.Spin, short)) ||
		short > 0 && h.poll(r, max(0, short-time.Since(begin)), rawPoll)
	h.waiter.pays = found && time.Since(begin) < h.config.Spin
	switch {
	case found:
	case limit < 0:
		h.poll(r, limit, properPoll)
	case limit > short || limit == 0:
		h.poll(r, max(0, limit-time.Since(begin)), properPoll)
	}
}

// WaitAsleep is Wait that does not stay awake first, for a caller that has just
// waited for a disk, compared to which the time to wake up does not matter.
func (h *Host) WaitAsleep(limit time.Duration) {
	h.waiter.pays = false
	h.Wait(limit)
}

// found reports whether there is something to return for, as far as memory shows.
func (h *Host) found(r *roster) bool {
	if h.woken.Load() {
		h.Silence()
		return true
	}
	return r.pending()
}

// waitAwake looks for a while whether there is something to return for, if that
// was successful the last time. Only links without a ring take a system call.
func (h *Host) waitAwake(r *roster, begin time.Time, spin time.Duration) bool {
	if !h.waiter.pays {
		return false
	}
	ask := false
	for _, l := range r.links {
		ask = ask || l.ring == nil
	}
	for time.Since(begin) < spin {
		if h.found(r) || ask && h.poll(r, 0, rawPoll) {
			return true
		}
	}
	return false
}

// How poll waits.
type pollCall bool

const (
	rawPoll    pollCall = false // in a raw system call, which does not release the P
	properPoll pollCall = true  // in an ordinary one
)

// poll waits until a descriptor is readable or the limit is over; a negative
// limit never is. It returns false if the limit is over. If a signal interrupts
// it, it returns early, as if it had found something.
func (h *Host) poll(r *roster, limit time.Duration, call pollCall) bool {
	w := &h.waiter
	w.fds = w.fds[:0]
	for _, fd := range r.fds {
		w.fds = append(w.fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	var ts *unix.Timespec
	if limit >= 0 {
		w.limit = unix.NsecToTimespec(int64(limit))
		ts = &w.limit
	}
	found := call.poll(w.fds, ts)
	for _, fd := range w.fds {
		if fd.Revents&unix.POLLERR != 0 {
			forgetError(int(fd.Fd))
		}
	}
	if w.fds[0].Revents != 0 {
		h.Silence()
	}
	return found
}

// poll calls ppoll, and reports whether it returned before limit.
func (c pollCall) poll(fds []unix.PollFd, limit *unix.Timespec) bool {
	if c == properPoll {
		n, err := unix.Ppoll(fds, limit, nil)
		return n > 0 || err != nil
	}
	n, _, e := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(fds))), uintptr(len(fds)),
		uintptr(unsafe.Pointer(limit)), 0, 0, 0)
	return n > 0 || e != 0
}

// forgetError clears the error of a socket, which is that its interface went
// down. The socket would be readable until then.
func forgetError(fd int) { unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR) }
