// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is the kernel's struct mmsghdr, which x/sys does not have: a message
// and the number of bytes received or sent. Go pads it as C does.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// batch is the array that recvmmsg and sendmmsg work on, kept from call to call.
type batch struct {
	msgs [MaxBatch]mmsghdr
	vecs [MaxBatch]unix.Iovec
}

// set lays frames into the batch, each with its length, and returns how many.
func (b *batch) set(frames [][]byte) int {
	n := min(len(frames), MaxBatch)
	for i, f := range frames[:n] {
		b.vecs[i].Base = unsafe.SliceData(f)
		b.vecs[i].SetLen(len(f))
		b.msgs[i].hdr.Iov = &b.vecs[i]
		b.msgs[i].hdr.SetIovlen(1)
	}
	return n
}

// call runs recvmmsg or sendmmsg over the first n messages. Neither blocks for
// more than a moment: not announcing them to the scheduler saves more than the
// rest of them costs.
func (b *batch) call(trap uintptr, fd, n, flags int) (int, unix.Errno) {
	got, _, e := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&b.msgs)), uintptr(n),
		uintptr(flags), 0, 0)
	return int(got), e
}

// Receive fills frames, each to its capacity at the most, and returns how many
// arrived; none is no error, whatever the interface's condition. frames[i] is
// resliced to the frame's length, to nothing where the frame was longer than
// its buffer.
func (l *Link) Receive(frames [][]byte) (int, error) {
	for i, f := range frames {
		frames[i] = f[:cap(f)]
	}
	room := l.in.set(frames)
	n, e := l.in.call(unix.SYS_RECVMMSG, l.fd, room, unix.MSG_DONTWAIT)
	if e == unix.EAGAIN && l.linger {
		n, e = l.await(room)
	}
	switch {
	case e == unix.EAGAIN || e == unix.EINTR || isDown(e):
		return 0, nil
	case e != 0:
		return 0, e
	case l.Down() == ErrGone: // the interface that they came from has another name now
		return 0, nil
	}
	for i := range n {
		m := &l.in.msgs[i]
		if m.hdr.Flags&unix.MSG_TRUNC != 0 {
			m.len = 0
		}
		frames[i] = frames[i][:m.len]
	}
	return n, nil
}

// await receives into the first room messages when a first one has come, or
// nothing within the linger time.
func (l *Link) await(room int) (n int, e unix.Errno) {
	begin := time.Now()
	e = unix.EAGAIN
	for l.pays && e == unix.EAGAIN && time.Since(begin) < l.spin {
		n, e = l.in.call(unix.SYS_RECVMMSG, l.fd, room, unix.MSG_DONTWAIT)
	}
	if e == unix.EAGAIN {
		n, e = l.in.call(unix.SYS_RECVMMSG, l.fd, room, unix.MSG_WAITFORONE)
	}
	l.pays = time.Since(begin) < l.spin
	return n, e
}

// Send sends frames and returns how many. One that the system refuses, or the
// interface does not carry, is dropped, as a wire might: the initiator asks
// again. There are no other errors here.
func (l *Link) Send(frames [][]byte) (int, error) {
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	down := l.Down()
	if down == ErrGone {
		return 0, nil
	}
	sent := 0
	if l.fast != nil && down == nil {
		sent = l.fast.send(frames, int(l.mtu.Load())+headerLen)
	}
	again := true
	for frames = frames[sent:]; len(frames) > 0; {
		n, e := l.out.call(unix.SYS_SENDMMSG, l.fd, l.out.set(frames), unix.MSG_DONTWAIT)
		switch {
		case e == 0:
			sent += n
			frames = frames[n:]
		case e == unix.EINTR:
		case e == unix.EAGAIN && l.awaitRoom():
		case e == unix.ENOBUFS && l.bypass && down == nil: // the interface is full: let its queue hold the frames
			l.setBypass(false)
		case e == unix.EAGAIN:
			return sent, nil
		case isDown(e) && again: // a link that is up again still reports its fall, once
			again = false
		default:
			frames = frames[1:]
		}
	}
	return sent, nil
}

// isDown tells whether an error speaks of the link and not of a frame.
func isDown(e unix.Errno) bool {
	return e == unix.ENETDOWN || e == unix.ENXIO || e == unix.ENODEV
}

// sendPatience is how long Send waits for the interface to take frames, in
// milliseconds, before it drops them: an initiator waits longer.
const sendPatience = 100

// awaitRoom waits until the socket takes frames again.
func (l *Link) awaitRoom() bool {
	fds := [1]unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds[:], sendPatience)
	return n > 0 || err == unix.EINTR
}
