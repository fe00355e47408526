// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Receive fills frames, each to its capacity at the most, and returns how many
// arrived; none is no error, whatever the interface's condition. frames[i] is
// resliced to the frame's length, to nothing where the frame was longer than
// its buffer.
func (l *Link) Receive(frames [][]byte) (int, error) {
	frames = frames[:min(len(frames), MaxBatch)]
	if l.wantFast && l.ringMTU != int(l.mtu.Load()) {
		l.fitRing()
	}
	n, e := l.fetch(frames)
	if e == unix.EAGAIN && l.linger > 0 {
		n, e = l.await(frames)
	}
	switch {
	case e == unix.EAGAIN || e == unix.EINTR || isDown(e):
		return 0, nil
	case e != 0:
		return 0, e
	case l.Down() == ErrGone: // the interface that they came from has another name now
		return 0, nil
	}
	return n, nil
}

// fetch receives what has arrived: EAGAIN where that is nothing.
func (l *Link) fetch(frames [][]byte) (int, unix.Errno) {
	if l.ring == nil {
		return l.fetchMessages(frames, unix.MSG_DONTWAIT)
	}
	if n := l.ring.take(frames); n > 0 {
		return n, 0
	}
	return 0, unix.EAGAIN
}

// fetchMessages is fetch by recvmmsg.
func (l *Link) fetchMessages(frames [][]byte, flags int) (int, unix.Errno) {
	for i, f := range frames {
		frames[i] = f[:cap(f)]
	}
	n, e := l.in.call(unix.SYS_RECVMMSG, l.fd, l.in.set(frames), flags)
	if e != 0 {
		return 0, e
	}
	for i := range n {
		m := &l.in.msgs[i]
		if m.hdr.Flags&unix.MSG_TRUNC != 0 {
			m.len = 0
		}
		frames[i] = frames[i][:m.len]
	}
	return n, 0
}

// await fetches when a first frame has come, or nothing within the linger time.
func (l *Link) await(frames [][]byte) (n int, e unix.Errno) {
	begin := time.Now()
	e = unix.EAGAIN
	for l.pays && e == unix.EAGAIN && time.Since(begin) < l.spin {
		n, e = l.fetch(frames)
	}
	if e == unix.EAGAIN {
		n, e = l.fetchAsleep(frames)
	}
	l.pays = time.Since(begin) < l.spin
	return n, e
}

// fetchAsleep is fetch that waits in the kernel for the linger time. The
// scheduler does not hear of it.
func (l *Link) fetchAsleep(frames [][]byte) (int, unix.Errno) {
	if l.ring == nil {
		return l.fetchMessages(frames, unix.MSG_WAITFORONE)
	}
	fds := [1]unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLIN}}
	ts := unix.NsecToTimespec(int64(l.linger))
	_, _, e := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&fds)), 1,
		uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
	if e != 0 {
		return 0, e
	}
	return l.fetch(frames)
}
