// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// inbox is what recvmmsg fills besides frames: the source and the time of each.
type inbox struct {
	batch
	from  [MaxBatch]unix.RawSockaddrLinklayer
	notes [MaxBatch]note
}

// note is the control message with a frame's time. There is room for no other
// control message, and none is asked for.
type note struct {
	header unix.Cmsghdr
	time   unix.Timespec
}

// fetch receives the frames that have arrived and returns how many, or EAGAIN if
// there are none. A frame that is too long or not for us has length 0.
func (b *inbox) fetch(fd int, frames [][]byte, stamps []int64, ours origin) (int, unix.Errno) {
	for i, f := range frames {
		frames[i] = f[:cap(f)]
	}
	b.set(frames)
	for i := range frames {
		b.address(i, i < len(stamps))
	}
	n, e := b.call(unix.SYS_RECVMMSG, fd, len(frames), unix.MSG_DONTWAIT)
	if e != 0 {
		return 0, e
	}
	for i := range n {
		m := &b.msgs[i]
		if m.hdr.Flags&unix.MSG_TRUNC != 0 || !ours.has(&b.from[i]) {
			m.len = 0
		}
		frames[i] = frames[i][:m.len]
		if i < len(stamps) {
			stamps[i] = b.stamp(i)
		}
	}
	return n, 0
}

// address sets where the kernel writes the source and the time of frame i.
func (b *inbox) address(i int, stamped bool) {
	h := &b.msgs[i].hdr
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&b.from[i])), uint32(unsafe.Sizeof(b.from[i]))
	h.Control = nil
	h.SetControllen(0)
	if stamped {
		h.Control = (*byte)(unsafe.Pointer(&b.notes[i]))
		h.SetControllen(int(unsafe.Sizeof(b.notes[i])))
	}
}

// stamp returns the time of frame i, or 0.
func (b *inbox) stamp(i int) int64 {
	n := &b.notes[i]
	if uintptr(b.msgs[i].hdr.Controllen) < unsafe.Sizeof(*n) || n.header.Level != unix.SOL_SOCKET || n.header.Type != unix.SCM_TIMESTAMPNS {
		return 0
	}
	return n.time.Nano()
}
