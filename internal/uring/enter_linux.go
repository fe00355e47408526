// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawWait is the longest wait in a raw system call, which does not release the P.
// The Go runtime may have to wait for the P that long.
const rawWait = time.Millisecond

// Enter submits the prepared requests and processes completions. Then it waits
// until there are so many completions, the timeout is over (a negative one never
// is), or a signal arrives, such as those of the Go runtime. None of these is an
// error. EAGAIN means that the kernel lacks memory; the next Enter submits the
// rest. After EBADR completions are lost, and the ring can only be closed.
//
// A submission may wait for the disk: always if Probe returns Waits for the file,
// otherwise while metadata are read. So the system call is raw only if nothing is
// submitted and the wait is short.
func (r *Ring) Enter(wait int, timeout time.Duration) error {
	r.sqTail.Store(r.tail)
	flags := uintptr(enterGetEvents)
	arg, size := unsafe.Pointer(nil), uintptr(0)
	if wait > 0 && timeout >= 0 {
		r.wait = timespec{int64(timeout / time.Second), int64(timeout % time.Second)}
		flags |= enterExtArg
		arg, size = unsafe.Pointer(&r.arg), unsafe.Sizeof(r.arg)
	}
	submit := uintptr(r.tail - r.sqHead.Load())
	var e unix.Errno
	if submit == 0 && (wait == 0 || timeout >= 0 && timeout <= rawWait) {
		_, _, e = unix.RawSyscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), submit, uintptr(wait), flags, uintptr(arg), size)
	} else {
		_, _, e = unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), submit, uintptr(wait), flags, uintptr(arg), size)
	}
	switch e {
	case 0, unix.ETIME, unix.EINTR, unix.EBUSY: // EBUSY: completions have to be taken first
		return nil
	}
	return fmt.Errorf("enter the io_uring: %w", e)
}

// The kernel begins one or two requests at once, but of a larger submission none until
// it has taken all. So a disk that has little to do gets pairs: it works on the first
// ones while the others are taken. For one that is busy a pair each is a waste.
const (
	pair = 2
	busy = 16 // requests in flight
)

// SubmitPair submits two of the prepared requests if there are more than two and few in
// flight, and reports whether it did. Enter submits the others, as it does after an
// error.
func (r *Ring) SubmitPair() bool {
	rest := int(r.tail - r.sqHead.Load())
	if rest <= pair || r.inFlight-rest >= busy {
		return false
	}
	r.sqTail.Store(r.tail)
	n, _, e := unix.Syscall6(unix.SYS_IO_URING_ENTER, uintptr(r.fd), pair, 0, 0, 0, 0)
	return e == 0 && n > 0
}

// Completions yields the completions that have arrived, and frees their entries.
func (r *Ring) Completions(yield func(Completion) bool) {
	mask := uint32(len(r.cqes) - 1)
	for tail := r.cqTail.Load(); r.head != tail; {
		c := r.cqes[r.head&mask]
		r.head++
		r.inFlight--
		if !yield(c) {
			break
		}
	}
	r.cqHead.Store(r.head)
}

// Ready reports whether completions have arrived. It makes no system call.
func (r *Ring) Ready() bool { return r.cqTail.Load() != r.head }
