// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// The ways in which frames are sent, the fastest first: by an AF_XDP socket; by
// the packet socket, past the interface's queueing discipline; by that and through
// the queueing discipline.
const (
	wayXDP    = "AF_XDP"
	wayBypass = "bypass"
	wayQdisc  = "qdisc"
)

// notUpYet says why there is no AF_XDP sender before the interface is up.
const notUpYet = "AF_XDP: the interface has not been up"

// queueFor is how long frames go through the queueing discipline once the
// interface was full: it has room for what was held by then.
const queueFor = 100 * time.Millisecond

// When AF_XDP is tried again where it was refused: after a while, each twice as
// long as the one before.
const (
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// senders is how a Link comes by its AF_XDP senders.
type senders struct {
	mu      sync.Mutex // held by who opens or drops one; taken before Link.sendMu
	wanted  bool
	index   int         // of the interface that the rest is about
	never   bool        // AF_XDP is not to be had on it
	retry   *time.Timer // that tries again; nil where none is to
	pause   time.Duration
	stopped bool
}

// fitSender has the Link send by the fastest way that its interface has in a
// condition; anew says that it is another interface than before, or that it was
// gone. The watcher calls it.
func (l *Link) fitSender(now condition, anew bool) {
	s := &l.senders
	s.mu.Lock()
	defer s.mu.Unlock()
	if anew || now.index != s.index {
		l.dropSender(now.index)
	}
	if now.down != nil {
		l.sendMu.Lock()
		l.discard() // it would leave with the interface's return
		l.sendMu.Unlock()
		return
	}
	if was := l.condition.Load().down; was != nil {
		l.sendMu.Lock()
		l.setBypass(true) // the fall may have ended it
		l.sendMu.Unlock()
	}
	if s.retry == nil {
		l.trySender(now)
	}
}

// trySender opens an AF_XDP sender where one is missing and may be had. The caller
// holds senders.mu, so that Send need not wait for it.
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
	case passes(err):
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

// passes tells whether what refuses AF_XDP may pass: the queue's other user, the
// want of memory that may be locked, the fall of the interface. What else there is
// lasts as long as the interface.
func passes(err error) bool {
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
	if now.down == nil && now.index == s.index { // else the watcher will try
		l.trySender(now)
	}
}

// dropSender has the Link send by sendmmsg alone, on an interface that has an
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

// stopSending ends all sending. What waits is sent before, as far as the interface
// takes it in time.
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

// setBypass says whether frames go to the interface past its queueing discipline,
// which is faster where it is allowed at all. The caller holds sendMu.
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

// queueFrames has the queueing discipline hold frames, for a while. The caller
// holds sendMu.
func (l *Link) queueFrames() {
	l.setBypass(false)
	l.queued = time.Now()
}

// bypassAgain ends what queueFrames has begun, when its time has come. The caller
// holds sendMu.
func (l *Link) bypassAgain(now time.Time) {
	if !l.queued.IsZero() && now.Sub(l.queued) > queueFor {
		l.queued = time.Time{}
		l.setBypass(true)
	}
}
