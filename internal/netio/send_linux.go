// SPDX-License-Identifier: GPL-2.0-only

package netio

import "golang.org/x/sys/unix"

// Send sends frames and returns how many. One that the system refuses, or the
// interface does not carry, is dropped, as a wire might: the initiator asks
// again. There are no other errors here.
//
// Of the frames that begin one of Buffers it may keep the buffers, and leaves
// others of them in their places in frames. Frames elsewhere are left as they are.
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
