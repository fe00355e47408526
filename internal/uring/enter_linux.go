// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"fmt"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawWait is the longest wait in a raw system call, which does not release the P:
// the runtime's own threads may have to wait that long.
const rawWait = time.Millisecond

// Enter submits what is prepared and finishes what can be; then it waits until
// there are so many completions, the time is over (below 0: it never is) or a
// signal arrives, as the runtime's do. None of these is an error. EAGAIN says
// that the kernel lacks memory, and what was not submitted is with the next
// Enter; after EBADR completions are lost, and the ring can only be closed.
//
// A submission may wait for the disk: always where Probe says Waits of the file
// and the request is not for a Thread, elsewhere while metadata are read. So the
// system call is raw only where nothing is submitted, and the wait is short.
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
	case 0, unix.ETIME, unix.EINTR, unix.EBUSY: // EBUSY: completions are to be taken first
		return nil
	}
	return fmt.Errorf("enter the io_uring: %w", e)
}

// Completions passes the completions that have arrived to yield, and frees their
// places.
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

// Ready tells whether completions have arrived. It makes no system call.
func (r *Ring) Ready() bool { return r.cqTail.Load() != r.head }

// Pending tells whether an Enter that does not wait would bring completions. It
// makes no system call.
func (r *Ring) Pending() bool { return r.sqFlags.Load()&(sqTaskrun|sqCQOverflow) != 0 }

// InFlight returns how many requests are prepared or submitted whose completions
// have not been taken.
func (r *Ring) InFlight() int { return r.inFlight }
