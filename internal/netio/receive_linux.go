// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// receiver is the state of receiving. It belongs to the receiving goroutine,
// except for withRing and why.
type receiver struct {
	in       inbox
	stamped  bool   // the socket gives frames time stamps, if there is no ring
	settled  uint64 // Link.Changes when the socket's error was cleared last
	fit      ringFit
	withRing atomic.Bool
	why      atomic.Pointer[string] // why there is no ring
}

// startReceiving makes the Link ready to receive.
func (l *Link) startReceiving(cfg Config) {
	why := notAsked
	l.receiver.why.Store(&why)
	if cfg.Fast {
		l.receiver.fit = ringFit{wanted: true, size: cfg.ReceiveBuffer}
		l.fitRing()
	}
}

// Receive fills frames with what has arrived, and returns how many did, at most
// MaxBatch.
func (l *Link) Receive(frames [][]byte, stamps []int64) (int, error) {
	frames = frames[:min(len(frames), MaxBatch)]
	stamps = stamps[:min(len(stamps), len(frames))]
	if l.receiver.fit.due(int(l.mtu.Load()), l.ring != nil) {
		l.host.exclusively(l.fitRing)
	}
	if l.ring == nil {
		return l.receiveMessages(frames, stamps)
	}
	n := l.ring.take(frames, stamps, l.ours())
	if n == 0 {
		l.settle()
	}
	return n, nil
}

// settle clears the error of a socket with a ring after its interface went down,
// because receiving from the ring does not.
func (l *Link) settle() {
	r := &l.receiver
	if changes := l.changes.Load(); changes != r.settled || l.Down() != nil {
		forgetError(l.fd)
		r.settled = changes
	}
}

// receiveMessages is Receive without a ring.
func (l *Link) receiveMessages(frames [][]byte, stamps []int64) (int, error) {
	if len(stamps) > 0 && !l.receiver.stamped {
		l.receiver.stamped = true
		unix.SetsockoptInt(l.fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1) // otherwise stamps are 0
	}
	n, e := l.receiver.in.fetch(l.fd, frames, stamps, l.ours())
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
