// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// keepFor is how long frames that the interface does not take are kept, before
// they are dropped: an initiator that asks again must not get older replies.
const keepFor = 100 * time.Millisecond

// How long the backlog rests before it is tried again: between two looks at an
// AF_XDP ring, each pause twice as long as the one before, and at the most, the
// packet socket having told nothing.
const (
	firstRest = 100 * time.Microsecond
	lastRest  = 2 * time.Millisecond
	longRest  = 10 * time.Millisecond
)

// kept is a frame that begins a buffer of the Link and waits to be sent.
type kept struct {
	buffer, n int
	since     time.Time // it was sent
}

// backlog is the frames that Send has accepted and the interface has not: those
// that wait in the ring of the AF_XDP sender, then those here, oldest first. It
// takes no more of them than there are spare buffers. Link.sendMu guards it.
type backlog struct {
	frames   []kept
	patience time.Duration    // how long they may wait
	batch    [MaxBatch][]byte // of them, as Link.post wants them
	served   bool             // Link.serveBacklog runs
}

// backlogged tells whether frames wait to be sent. The caller holds sendMu.
func (l *Link) backlogged() bool { return len(l.backlog.frames) > 0 || l.ringWaits() }

// ringWaits tells whether frames wait in the AF_XDP sender's ring. The caller
// holds sendMu.
func (l *Link) ringWaits() bool { return l.fast != nil && l.fast.waits() }

// keep takes frames over into the backlog, from the first on, as many as there
// are spare buffers for, and returns how many. One longer than a buffer is dropped.
// The caller holds sendMu.
func (l *Link) keep(frames [][]byte, now time.Time) int {
	n := 0
	for i, f := range frames {
		if len(f) > l.bufs.length {
			continue
		}
		if len(l.bufs.spare) == 0 {
			break
		}
		buffer, left := l.bufs.exchange(f)
		frames[i] = left
		l.backlog.frames = append(l.backlog.frames, kept{buffer, len(f), now})
		n++
	}
	return n
}

// flush drops what has waited for too long and sends, of the rest, what there is
// room for now. The caller holds sendMu.
func (l *Link) flush(now time.Time) {
	l.expire(now.Add(-l.backlog.patience))
	if l.ringWaits() {
		l.fast.kick()
	}
	for len(l.backlog.frames) > 0 && !l.ringWaits() {
		frames := l.backlog.batch[:0]
		for _, f := range l.backlog.frames[:min(MaxBatch, len(l.backlog.frames))] {
			frames = append(frames, l.bufs.at(f.buffer)[:f.n])
		}
		sent, done := l.post(frames)
		l.forget(done)
		l.unsent.Add(uint64(done - sent))
		if done < len(frames) {
			return
		}
	}
}

// expire drops what has waited since before a time. The caller holds sendMu.
func (l *Link) expire(before time.Time) {
	if l.ringWaits() {
		l.unsent.Add(uint64(l.fast.expire(before)))
	}
	n := 0
	for n < len(l.backlog.frames) && l.backlog.frames[n].since.Before(before) {
		n++
	}
	l.forget(n)
	l.unsent.Add(uint64(n))
}

// forget ends the first n frames of the backlog, apart from those in the ring.
// The caller holds sendMu.
func (l *Link) forget(n int) {
	for _, f := range l.backlog.frames[:n] {
		l.bufs.give(f.buffer)
	}
	l.backlog.frames = slices.Delete(l.backlog.frames, 0, n)
}

// discard drops the backlog. The caller holds sendMu.
func (l *Link) discard() {
	n := len(l.backlog.frames)
	l.forget(n)
	if l.fast != nil {
		n += l.fast.withdraw(len(l.fast.queue))
	}
	l.unsent.Add(uint64(n))
}

// serve has the backlog, if there is one, sent from a goroutine of its own. The
// caller holds sendMu.
func (l *Link) serve() {
	if !l.backlog.served && l.backlogged() {
		l.backlog.served = true
		l.serving.Add(1)
		go l.serveBacklog()
	}
}

// serveBacklog sends the backlog until there is none.
func (l *Link) serveBacklog() {
	defer l.serving.Done()
	rest := firstRest
	for l.rest(rest); l.tryBacklog(); l.rest(rest) {
		rest = min(2*rest, lastRest)
	}
}

// tryBacklog sends of the backlog what there is room for now, and tells whether
// there is more.
func (l *Link) tryBacklog() bool {
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	l.flush(time.Now())
	l.backlog.served = l.backlogged()
	return l.backlog.served
}

// rest waits until the backlog is worth another try: where frames wait in a ring,
// of which nobody tells when there is room, for so long; else until the packet
// socket has room.
func (l *Link) rest(d time.Duration) {
	l.sendMu.Lock()
	fds := []unix.PollFd{{Fd: int32(l.fd), Events: unix.POLLOUT}}
	if l.ringWaits() {
		fds = nil
	} else {
		d = longRest
	}
	l.sendMu.Unlock()
	ts := unix.NsecToTimespec(int64(d))
	unix.Ppoll(fds, &ts, nil)
}

// Unsent returns how many frames Send has accepted and the Link has dropped since:
// the interface did not take them in time, or fell. Any goroutine may ask.
func (l *Link) Unsent() uint64 { return l.unsent.Load() }
