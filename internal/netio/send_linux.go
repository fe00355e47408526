// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"time"

	"golang.org/x/sys/unix"
)

// Send sends frames and returns how many it has accepted. It never waits: what
// the interface has no room for now is kept in spare buffers, and sent by the Link
// itself, before what is sent after it; once it has waited for 100 ms, or the
// interface falls, it is dropped, and counted by Unsent. What there is no spare
// buffer for is dropped at once, as is a frame that the system refuses or the
// interface does not carry: as on a wire, the initiator asks again. There are no
// other errors here.
//
// Of the frames that begin one of Buffers it may keep the buffers, and leaves
// others of them in their places in frames. Frames elsewhere are left as they are.
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

// post sends frames by sendmmsg. It returns how many the system has taken and how
// many, from the first on, are done with, those that it refuses included; for the
// rest there is no room now. The caller holds sendMu.
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
		case isDown(e) && again: // a link that is up again still reports its fall, once
			again = false
		default:
			done++
		}
	}
	return sent, done
}

// sendBuffer is how many bytes of frames, as the kernel counts them, the packet
// socket may have on their way, where the usual limit is that of a dozen jumbo
// frames: about as many as there are spare buffers, each of which it takes for
// twice its length. The kernel doubles it.
const sendBuffer = 1 << 20

// growSendBuffer asks for a send buffer, beyond the system's limit where we may.
// Too small a one makes frames wait longer in ours: no error.
func growSendBuffer(fd, bytes int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, bytes) != nil {
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, bytes)
	}
}

// isDown tells whether an error speaks of the link and not of a frame.
func isDown(e unix.Errno) bool {
	return e == unix.ENETDOWN || e == unix.ENXIO || e == unix.ENODEV
}
