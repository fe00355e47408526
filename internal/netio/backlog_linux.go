// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// keepFor is how long frames that the interface does not accept are kept before
// they are dropped. An initiator that repeats its request must not get older
// replies.
const keepFor = 100 * time.Millisecond

// How long the backlog rests before the next try: first between two looks at an
// AF_XDP ring, where each pause is twice as long as the one before, and at most,
// if the packet socket does not become writable.
const (
	firstRest = 100 * time.Microsecond
	lastRest  = 2 * time.Millisecond
	longRest  = 10 * time.Millisecond
)

// kept is a frame at the beginning of one of the Link's buffers that waits to be
// sent.
type kept struct {
	buffer, n int
	since     time.Time // it was sent
}

// backlog is the queue of frames that Send has accepted and the interface has
// not: first those in the ring of the AF_XDP sender, then those here, oldest
// first. It holds at most as many frames as there are spare buffers. Link.sendMu
// guards it.
type backlog struct {
	frames   []kept
	patience time.Duration    // how long they may wait
	batch    [MaxBatch][]byte // the first frames, in the form that Link.post wants
	served   bool             // Link.serveBacklog runs
}

// backlogged reports whether frames wait to be sent. The caller holds sendMu.
func (l *Link) backlogged() bool { return len(l.backlog.frames) > 0 || l.ringWaits() }

// ringWaits reports whether frames wait in the AF_XDP sender's ring. The caller
// holds sendMu.
func (l *Link) ringWaits() bool { return l.fast != nil && l.fast.waits() }

// keep moves frames into the backlog, from the first on, while there are spare
// buffers, and returns how many it has moved. It drops frames that are longer
// than a buffer. The caller holds sendMu.
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

// flush drops frames that have waited for too long, and sends as many of the rest
// as there is room for now. The caller holds sendMu.
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

// expire drops the frames that have waited since before a time. The caller holds
// sendMu.
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

// forget removes the first n frames of the backlog, not counting those in the
// ring. The caller holds sendMu.
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

// serve starts a goroutine that sends the backlog, if there is one. The caller
// holds sendMu.
func (l *Link) serve() {
	if !l.backlog.served && l.backlogged() {
		l.backlog.served = true
		l.serving.Add(1)
		go l.serveBacklog()
	}
}

// serveBacklog sends the backlog until it is empty.
func (l *Link) serveBacklog() {
	defer l.serving.Done()
	rest := firstRest
	for l.rest(rest); l.tryBacklog(); l.rest(rest) {
		rest = min(2*rest, lastRest)
	}
}

// tryBacklog sends as much of the backlog as there is room for now, and reports
// whether more is left.
func (l *Link) tryBacklog() bool {
	l.sendMu.Lock()
	defer l.sendMu.Unlock()
	l.flush(time.Now())
	l.backlog.served = l.backlogged()
	return l.backlog.served
}

// rest waits until the backlog should be tried again: for a pause if frames wait
// in the ring, because nothing tells when the ring has room, otherwise until the
// packet socket has room.
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

// Unsent returns how many frames were dropped after Send had accepted them,
// because the interface did not accept them in time or went down.
func (l *Link) Unsent() uint64 { return l.unsent.Load() }
