// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is the kernel's struct mmsghdr, which x/sys lacks: a message, and the
// number of bytes received or sent. Go pads it as C does.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// batch is the array for recvmmsg and sendmmsg, kept from call to call.
type batch struct {
	msgs [MaxBatch]mmsghdr
	vecs [MaxBatch]unix.Iovec
}

// set puts frames into the batch, each with its length, and returns how many.
func (b *batch) set(frames [][]byte) int {
	n := min(len(frames), MaxBatch)
	for i, f := range frames[:n] {
		b.vecs[i].Base = unsafe.SliceData(f)
		b.vecs[i].SetLen(len(f))
		b.msgs[i].hdr.Iov = &b.vecs[i]
		b.msgs[i].hdr.SetIovlen(1)
	}
	return n
}

// call runs recvmmsg or sendmmsg for the first n messages. Neither blocks. The
// call is raw, because telling the scheduler would cost more than the call
// itself.
func (b *batch) call(trap uintptr, fd, n, flags int) (int, unix.Errno) {
	got, _, e := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(&b.msgs)), uintptr(n),
		uintptr(flags), 0, 0)
	return int(got), e
}
