// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The ways in which frames are sent, the fastest first: by an AF_XDP socket; by
// the packet socket, bypassing the interface's queueing discipline; by the packet
// socket and through the queueing discipline.
const (
	wayXDP    = "AF_XDP"
	wayBypass = "bypass"
	wayQdisc  = "qdisc"
)

// notUpYet says why there is no AF_XDP sender before the interface is up.
const notUpYet = "AF_XDP: the interface has not been up"

// queueFor is how long frames go through the queueing discipline after the
// interface was full. By then it has room again.
const queueFor = 100 * time.Millisecond

// When AF_XDP is tried again after it was refused: after a pause, each twice as
// long as the one before.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// senders opens and closes the AF_XDP senders of a Link.
type senders struct {
	mu      sync.Mutex // held to open or drop one; locked before Link.sendMu
	wanted  bool
	index   int         // of the interface that the rest is about
	never   bool        // AF_XDP does not work on it
	retry   *time.Timer // for the next try; nil if there is none
	pause   time.Duration
	stopped bool
}

// fitSender makes the Link send in the fastest way that its interface allows in
// its condition. anew says that it is another interface than before, or that it
// was gone. The watcher calls it.
func (l *Link) fitSender(now condition, anew bool) {
	s := &l.senders
	s.mu.Lock()
	defer s.mu.Unlock()
	if anew || now.index != s.index {
		l.dropSender(now.index)
	}
	if now.down != nil {
		l.sendMu.Lock()
		l.discard() // it would be sent when the interface returns
		l.sendMu.Unlock()
		return
	}
	if was := l.condition.Load().down; was != nil {
		l.sendMu.Lock()
		l.setBypass(true) // the interface going down may have ended it
		l.sendMu.Unlock()
	}
	if s.retry == nil {
		l.trySender(now)
	}
}

// trySender opens an AF_XDP sender if there is none and there may be one. The
// caller holds senders.mu and not sendMu, so that Send does not wait for it.
func (l *Link) trySender(now condition) {
	s := &l.senders
	if !s.wanted || s.never || s.stopped || l.fast != nil {
		return
	}
	var x *xdpSender
	err := xdpSuits(now.kind, l.fd, l.name)
	if err == nil {
		x, err = newXDPSender(now.index, l.fd, l.bufs)
	}
	why := ""
	switch {
	case err == nil:
		s.pause = 0
	case isTemporary(err):
		s.pause = min(max(2*s.pause, firstRetry), lastRetry)
		s.retry = time.AfterFunc(s.pause, l.retrySender)
		why = err.Error()
	default:
		s.never = true
		why = err.Error()
	}
	l.sendMu.Lock()
	l.fast, l.whyNotFast = x, why
	l.sendMu.Unlock()
}

// isTemporary reports whether the cause of a refusal of AF_XDP is temporary: another
// user of the queue, a lack of lockable memory, or the interface going down.
// Every other cause lasts as long as the interface.
func isTemporary(err error) bool {
	for _, e := range []error{unix.EBUSY, unix.ENOBUFS, unix.ENOMEM, unix.EAGAIN, unix.EINTR, unix.EMFILE, unix.ENFILE,
		unix.ENETDOWN, unix.ENODEV} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// retrySender is trySender when a pause is over.
func (l *Link) retrySender() {
	s := &l.senders
	s.mu.Lock()
	defer s.mu.Unlock()
	s.retry = nil
	now := *l.condition.Load()
	if now.down == nil && now.index == s.index { // otherwise the watcher will try
		l.trySender(now)
	}
}

// dropSender makes the Link send by sendmmsg alone, on the interface with an
// index. The caller holds senders.mu.
func (l *Link) dropSender(index int) {
	s := &l.senders
	if s.retry != nil {
		s.retry.Stop()
	}
	s.index, s.never, s.retry, s.pause = index, false, nil, 0
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	l.discard()
	if l.fast != nil {
		l.unsent.Add(uint64(l.fast.close()))
		l.fast, l.whyNotFast = nil, notUpYet
	}
}

// stopSending ends all sending, once the frames that wait were sent or dropped.
func (l *Link) stopSending() {
	l.sendMu.Lock()
	l.mute = true
	l.sendMu.Unlock()
	l.serving.Wait()
	l.senders.mu.Lock()
	defer l.senders.mu.Unlock()
	l.senders.stopped = true
	l.dropSender(0)
}

// setBypass sets whether frames bypass the interface's queueing discipline, which
// is faster if it is allowed. The caller holds sendMu.
func (l *Link) setBypass(on bool) {
	value := 0
	if on {
		value = 1
	}
	err := unix.SetsockoptInt(l.fd, unix.SOL_PACKET, unix.PACKET_QDISC_BYPASS, value)
	l.bypass = on && err == nil
	l.whyQueued = "the interface was full a moment ago"
	if err != nil {
		l.whyQueued = "PACKET_QDISC_BYPASS: " + err.Error()
	}
}

// queueFrames makes frames go through the queueing discipline for a while. The
// caller holds sendMu.
func (l *Link) queueFrames() {
	l.setBypass(false)
	l.queued = time.Now()
}

// bypassAgain ends what queueFrames has begun, when the time is over. The caller
// holds sendMu.
func (l *Link) bypassAgain(now time.Time) {
	if !l.queued.IsZero() && now.Sub(l.queued) > queueFor {
		l.queued = time.Time{}
		l.setBypass(true)
	}
}
