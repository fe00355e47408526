// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"time"

	"golang.org/x/sys/unix"
)

// laid is a frame in the ring that the kernel has not taken.
type laid struct {
	buffer int
	pieces uint8
	end    uint32    // the entry after its last piece
	since  time.Time // it was sent
}

// send puts frames into the ring, from the first on, until one does not fit, and
// returns how many. A frame may have up to limit bytes, which the kernel does not
// check. It keeps the Link's buffers that it sends from, and leaves others in
// their places in frames; other frames are copied. Frames that the kernel does
// not take at once wait in the ring.
func (x *xdpSender) send(frames [][]byte, limit int, now time.Time) int {
	x.reap()
	limit = min(limit, x.pieces*xdpPiece, x.bufs.length)
	n := 0
	for ; n < len(frames) && x.takes(len(frames[n]), limit); n++ {
		length := len(frames[n])
		buffer, left := x.bufs.exchange(frames[n])
		frames[n] = left
		x.lay(buffer, length, now)
	}
	x.tx.producer.Store(x.next)
	x.kick()
	return n
}

// takes reports whether a frame of n bytes, of which limit are allowed, can be
// sent by AF_XDP now.
func (x *xdpSender) takes(n, limit int) bool {
	return 0 < n && n <= limit && len(x.bufs.spare) > 0
}

// lay puts a frame of n bytes, which is at the beginning of a buffer, into the
// ring. The kernel allocates the length of the first piece, and a page for each
// of the others, so all but the first are whole.
func (x *xdpSender) lay(buffer, n int, now time.Time) {
	at := uint64(x.bufs.first + buffer*x.bufs.stride)
	for piece := (n-1)%xdpPiece + 1; n > 0; piece = xdpPiece {
		desc := unix.XDPDesc{Addr: at, Len: uint32(piece)}
		at, n = at+uint64(piece), n-piece
		if n > 0 {
			desc.Options = xdpContinued
		}
		*x.tx.at(x.next) = desc
		x.next++
		x.sent[buffer]++
	}
	x.end[buffer] = x.next
	x.queue = append(x.queue, laid{buffer, x.sent[buffer], x.next, now})
}

// reap returns buffers whose pieces have all left to the spare ones.
func (x *xdpSender) reap() {
	n, end := x.done.consumer.Load(), x.done.producer.Load()
	if n == end {
		return
	}
	for ; n != end; n++ {
		buffer := (int(*x.done.at(n)) - x.bufs.first) / x.bufs.stride
		if x.sent[buffer] == 0 {
			continue
		}
		if x.sent[buffer]--; x.sent[buffer] == 0 {
			x.bufs.give(buffer)
		}
	}
	x.done.consumer.Store(n)
}

// kick makes the kernel take as many frames from the ring as it can now.
func (x *xdpSender) kick() {
	defer x.settle()
	at := x.tx.consumer.Load()
	for range x.next - at { // a call takes an entry, or is the last
		_, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(x.fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
		now := x.tx.consumer.Load()
		switch {
		case now == x.next:
			return
		case e == 0 || e == unix.EBUSY || e == unix.EINTR: // it stopped at a void entry, or dropped a frame
		case e == unix.EAGAIN && now != at: // as much as one call takes
		default:
			return
		}
		at = now
	}
}

// settle removes the frames that the kernel has taken from the queue.
func (x *xdpSender) settle() {
	at, taken := x.tx.consumer.Load(), 0
	for taken < len(x.queue) && int32(at-x.queue[taken].end) >= 0 {
		taken++
	}
	x.queue = x.queue[:copy(x.queue, x.queue[taken:])]
}

// waits reports whether frames wait in the ring because the interface is full.
func (x *xdpSender) waits() bool { return len(x.queue) > 0 }

// expire withdraws the frames that have waited in the ring since before a time,
// and returns how many.
func (x *xdpSender) expire(before time.Time) int {
	n := 0
	for n < len(x.queue) && x.queue[n].since.Before(before) {
		n++
	}
	return x.withdraw(n)
}

// withdraw takes back the n frames that have waited longest, and returns how many
// it got. It makes their entries void. The kernel skips void entries when it is
// asked to send, and does not look at the ring at other times.
func (x *xdpSender) withdraw(n int) int {
	if n == 0 {
		return 0
	}
	x.reap()
	got := 0
	for _, f := range x.queue[:n] {
		if x.sent[f.buffer] == 0 || x.end[f.buffer] != f.end {
			continue // the kernel has dropped it, which the ring does not show yet
		}
		for i := range uint32(f.pieces) {
			*x.tx.at(f.end - 1 - i) = unix.XDPDesc{Addr: xdpVoid, Options: xdpVoidOption}
		}
		x.sent[f.buffer] = 0
		x.bufs.give(f.buffer)
		got++
	}
	x.queue = x.queue[:copy(x.queue, x.queue[n:])]
	return got
}
