// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"encoding/binary"
	"sync"
	"time"

	"golang.org/x/net/bpf"

	"vblade/internal/aoe"
)

// patience is how long a test waits for what must happen, before it fails.
const patience = 10 * time.Second

// Link is a link in memory (a server.Link): a test delivers frames to the
// server on it and takes the replies. Once it is warm it allocates nothing.
type Link struct {
	Host     *Host // that waits for it
	mu       sync.Mutex
	name     string
	mtu      int
	mac      aoe.MAC
	down     error                // why it carries nothing
	changes  uint64               // of these three that were noticed
	filter   []bpf.RawInstruction // set last
	most     int                  // instructions of a filter
	queue    [][]byte             // delivered and not yet received, from head on
	stamps   []int64              // when they were delivered, in turn
	head     int
	replies  []byte   // all that was sent, one after the other
	ends     []int    // where each of them ends in replies
	refused  int      // frames that were too long to send
	dropped  int      // others that were not sent
	receives int      // calls of Receive that returned
	broken   error    // what Receive and Send fail with
	kept     [][]byte // buffers that were sent from

	changed chan struct{} // something was received or sent
	limit   *time.Timer   // of Await
}

// NewLink returns a link of the given MTU (bytes) with Target's address, the only
// one of its host.
func NewLink(mtu int) *Link { return NewHost().NewLink(mtu, "memory0") }

// NewLink returns another link of the host, of the given MTU (bytes), with
// Target's address.
func (h *Host) NewLink(mtu int, name string) *Link {
	l := &Link{
		Host:    h,
		name:    name,
		mtu:     mtu,
		mac:     Target,
		filter:  make([]bpf.RawInstruction, 0, 1024),
		most:    1024,
		queue:   make([][]byte, 0, 256),
		stamps:  make([]int64, 0, 256),
		replies: make([]byte, 0, 1<<16),
		ends:    make([]int, 0, 256),
		changed: make(chan struct{}, 1),
		limit:   time.NewTimer(patience),
	}
	h.add(l)
	return l
}

// signal makes c ready, if it is not yet.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Name returns the link's name.
func (l *Link) Name() string { return l.name }

// Drops returns none: there is always room.
func (l *Link) Drops() (uint64, error) { return 0, nil }

// ReceiveWay names the way.
func (l *Link) ReceiveWay() (way, why string) { return "memory", "" }

// SendWay names the way, and why it is not faster.
func (l *Link) SendWay() (way, why string) { return "memory", "nothing is faster" }

// Unsent returns none: what is sent is a reply at once.
func (l *Link) Unsent() uint64 { return 0 }

// Receive fills frames with what was delivered. What was left in a buffer
// behind the frame is garbage, as after earlier frames. A frame longer than its
// buffer has length 0.
func (l *Link) Receive(frames [][]byte, stamps []int64) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer signal(l.changed)
	l.receives++
	if l.broken != nil {
		return 0, l.broken
	}
	n := min(len(frames), len(l.queue)-l.head)
	for i, f := range l.queue[l.head : l.head+n] {
		stamps[i] = l.stamps[l.head+i]
		b := frames[i][:cap(frames[i])]
		if len(f) > len(b) {
			f = nil
		}
		stale(b[copy(b, f):])
		frames[i] = b[:len(f)]
	}
	l.head += n
	if l.head == len(l.queue) {
		l.queue, l.stamps, l.head = l.queue[:0], l.stamps[:0], 0
	}
	return n, nil
}

// stale fills the beginning of b with bytes that no reply may hold.
func stale(b []byte) {
	for i := range b[:min(len(b), 2048)] {
		b[i] = 0xd5
	}
}

// pending reports whether there is something to receive, an error included.
func (l *Link) pending() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head < len(l.queue) || l.broken != nil
}

// Send keeps frames as replies, but drops those longer than the MTU allows, and
// all while the link is broken or down. It keeps the buffers of what it sends.
func (l *Link) Send(frames [][]byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer signal(l.changed)
	if l.broken != nil || l.down != nil {
		l.dropped += len(frames)
		return 0, l.broken
	}
	sent := 0
	for i, f := range frames {
		if len(f) > l.mtu+aoe.EthernetHeaderLen {
			l.refused++
			continue
		}
		l.replies = append(l.replies, f...)
		l.ends = append(l.ends, len(l.replies))
		frames[i] = l.exchange(f)
		sent++
	}
	return sent, nil
}

// exchange keeps the buffer of a frame and returns another of its capacity. Both
// hold bytes that no reply may hold.
func (l *Link) exchange(f []byte) []byte {
	stale(f[:cap(f)])
	for i, other := range l.kept {
		if cap(other) == cap(f) {
			l.kept[i] = f
			return other[:len(f)]
		}
	}
	l.kept = append(l.kept, f)
	other := make([]byte, cap(f))
	stale(other)
	return other[:len(f)]
}

// Deliver puts frames on the link. They must not change any more.
func (l *Link) Deliver(frames ...[]byte) {
	l.mu.Lock()
	l.queue = append(l.queue, frames...)
	for range frames {
		l.stamps = append(l.stamps, l.Host.newStamp())
	}
	l.mu.Unlock()
	l.Host.Wake()
}

// DeliverAt puts a frame on the link that the kernel has received, as it says, at a
// time in nanoseconds, or has not said when.
func (l *Link) DeliverAt(stamp int64, frame []byte) {
	l.mu.Lock()
	l.queue = append(l.queue, frame)
	l.stamps = append(l.stamps, stamp)
	l.mu.Unlock()
	l.Host.Wake()
}

// Break makes every Receive and Send fail with err, from now until Break(nil).
func (l *Link) Break(err error) {
	l.mu.Lock()
	l.broken = err
	l.mu.Unlock()
	l.Host.Wake()
}

// Dropped returns how many frames the link did not carry.
func (l *Link) Dropped() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dropped
}

// Refused returns how many frames were too long to send.
func (l *Link) Refused() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused
}

// Receives returns how many calls of Receive there have been.
func (l *Link) Receives() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.receives
}

// Drained reports whether all that was delivered was received.
func (l *Link) Drained() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head == len(l.queue)
}

// Await waits until met returns true for the link. It returns false if that takes
// too long. One goroutine at a time may wait.
func (l *Link) Await(met func() bool) bool {
	l.limit.Reset(patience)
	for !met() {
		select {
		case <-l.changed:
		case <-l.limit.C:
			return met()
		}
	}
	return true
}

// Reply returns the first reply with a tag, or nothing. It is valid until Forget.
func (l *Link) Reply(tag uint32) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	start := 0
	for _, end := range l.ends {
		if f := l.replies[start:end]; len(f) >= 24 && binary.BigEndian.Uint32(f[20:]) == tag {
			return f
		}
		start = end
	}
	return nil
}

// Replies returns all that was sent, in order. They are valid until Forget.
func (l *Link) Replies() [][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make([][]byte, len(l.ends))
	start := 0
	for i, end := range l.ends {
		all[i] = l.replies[start:end]
		start = end
	}
	return all
}

// Forget drops all replies.
func (l *Link) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.replies, l.ends = l.replies[:0], l.ends[:0]
}
