// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"time"

	"golang.org/x/sys/unix"
)

// Send sends frames and returns how many it has accepted. It never waits. Frames
// that the interface has no room for now are kept in spare buffers, and the Link
// sends them before later ones. After 100 ms, or when the interface goes down,
// they are dropped and counted by Unsent. Frames for which no spare buffer is
// left, that the system refuses or that the interface does not carry are dropped
// at once: the initiator repeats its request. Send returns no errors on this
// system.
//
// It may keep the buffer of a frame that is at the beginning of one of Buffers,
// and then leaves another one in its place. Frames elsewhere are not kept.
func (l *Link) Send(frames [][]byte) (int, error) {
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	down := l.Down()
	if l.mute || down == ErrGone {
		return 0, nil
	}
	now := time.Now()
	if l.backlogged() {
		l.flush(now)
	}
	l.bypassAgain(now)
	sent := 0
	if l.fast != nil && down == nil && len(l.backlog.frames) == 0 {
		sent = l.fast.send(frames, int(l.mtu.Load())+headerLen, now)
		frames = frames[sent:]
	}
	if len(frames) > 0 && !l.backlogged() {
		n, done := l.post(frames)
		sent += n
		frames = frames[done:]
	}
	if down == nil {
		sent += l.keep(frames, now)
		l.serve()
	}
	return sent, nil
}

// post sends frames by sendmmsg. It returns how many the system has accepted, and
// how many, from the first on, are done, including those that it has refused.
// There is no room for the rest now. The caller holds sendMu.
func (l *Link) post(frames [][]byte) (sent, done int) {
	again := true
	for done < len(frames) {
		n, e := l.out.call(unix.SYS_SENDMMSG, l.fd, l.out.set(frames[done:]), unix.MSG_DONTWAIT)
		switch {
		case e == 0:
			sent += n
			done += n
		case e == unix.EINTR:
		case e == unix.EAGAIN:
			return sent, done
		case e == unix.ENOBUFS && l.bypass && l.Down() == nil: // the interface is full: let its queue hold the frames
			l.queueFrames()
		case isDown(e) && again: // a link that is up again still reports once that it was down
			again = false
		default:
			done++
		}
	}
	return sent, done
}

// sendBuffer is how many bytes of frames, by the kernel's count, the packet
// socket may have on their way: about as many frames as there are spare buffers,
// each of which counts twice its length. The usual limit is reached by a dozen
// jumbo frames. The kernel doubles the value.
const sendBuffer = 1 << 20

// growSendBuffer asks for a send buffer, beyond the system's limit if that is
// permitted. If it is too small, frames wait longer in our own buffers, so it is
// no error.
func growSendBuffer(fd, bytes int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, bytes) != nil {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, bytes)
	}
}

// isDown reports whether an error is about the link and not about a frame.
func isDown(e unix.Errno) bool {
	return e == unix.ENETDOWN || e == unix.ENXIO || e == unix.ENODEV
}
