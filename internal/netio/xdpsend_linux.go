// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// How the kernel is asked to take the frames in the ring while it takes none: so
// often at once, then with pauses, for so long.
const (
	xdpKicks    = 32
	xdpPause    = 100 * time.Microsecond
	xdpPatience = sendPatience * time.Millisecond
)

// send sends frames from the first on, as many as it can take of no more than
// limit bytes, which the kernel does not check, and returns how many. Some of
// those may be late, or lost, if the interface is not up. It keeps the buffers of
// the Link that it sends from, and leaves others in their places in frames; what
// lies elsewhere is copied.
func (x *xdpSender) send(frames [][]byte, limit int) int {
	x.reap()
	limit = min(limit, x.pieces*xdpPiece, x.bufs.length)
	n := 0
	for ; n < len(frames) && x.takes(len(frames[n]), limit); n++ {
		spare := x.bufs.take()
		if own, ok := x.bufs.index(frames[n]); ok {
			x.lay(own, len(frames[n]))
			frames[n] = x.bufs.at(spare)
		} else {
			x.lay(spare, copy(x.bufs.at(spare), frames[n]))
		}
	}
	atomic.StoreUint32(x.tx.producer, x.next)
	x.kick()
	return n
}

// takes tells whether a frame of n bytes, limit at the most, can be sent from here.
func (x *xdpSender) takes(n, limit int) bool {
	return 0 < n && n <= limit && len(x.bufs.spare) > 0
}

// lay puts a frame of n bytes, which begins a buffer, into the ring. The kernel
// allocates the first piece by its length and a page for each that follows: hence
// whole ones follow.
func (x *xdpSender) lay(buffer, n int) {
	at := uint64(x.bufs.first + buffer*x.bufs.stride)
	for piece := (n-1)%xdpPiece + 1; n > 0; piece = xdpPiece {
		desc := (*unix.XDPDesc)(unsafe.Add(x.tx.entries, unsafe.Sizeof(unix.XDPDesc{})*uintptr(x.next%xdpEntries)))
		*desc = unix.XDPDesc{Addr: at, Len: uint32(piece)}
		at, n = at+uint64(piece), n-piece
		if n > 0 {
			desc.Options = xdpContinued
		}
		x.next++
		x.sent[buffer]++
	}
}

// reap makes buffers spare again of which all pieces have left.
func (x *xdpSender) reap() {
	n := *x.done.consumer // ours alone to change
	for end := atomic.LoadUint32(x.done.producer); n != end; n++ {
		at := *(*uint64)(unsafe.Add(x.done.entries, 8*uintptr(n%xdpEntries)))
		buffer := (int(at) - x.bufs.first) / x.bufs.stride
		if x.sent[buffer]--; x.sent[buffer] == 0 {
			x.bufs.spare = append(x.bufs.spare, buffer)
		}
	}
	atomic.StoreUint32(x.done.consumer, n)
}

// kick has the kernel send what is in the ring, frames that it did not take
// before included.
func (x *xdpSender) kick() {
	at := atomic.LoadUint32(x.tx.consumer)
	var since time.Time // of the first pause without progress
	for idle := 0; at != x.next; idle++ {
		_, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(x.fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
		switch e {
		case 0, unix.EAGAIN, unix.EBUSY, unix.ENOBUFS, unix.EINTR:
		default:
			return
		}
		switch now := atomic.LoadUint32(x.tx.consumer); {
		case now != at:
			at, idle, since = now, 0, time.Time{}
		case idle < xdpKicks:
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > xdpPatience:
			return
		default:
			time.Sleep(xdpPause)
		}
	}
}
