// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"errors"
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ring is an io_uring: a queue of requests and one of completions.
type Ring struct {
	fd      int
	rings   []byte // the mapping of both queues
	sqeArea []byte // the mapping of the requests

	sqes   []sqe
	keep   []unsafe.Pointer // what the requests that are not submitted yet point to
	sqHead *atomic.Uint32   // the kernel's
	sqTail *atomic.Uint32   // ours, as published
	tail   uint32           // ours, with what is prepared

	cqes   []Completion
	cqHead *atomic.Uint32 // ours, as published
	cqTail *atomic.Uint32 // the kernel's
	head   uint32         // ours, with what is taken

	wait     timespec
	arg      enterArg
	inFlight int // requests that are prepared and whose completions have not been taken
}

// attempts are the ways to set up a ring, the best first. Each works on older
// kernels than the one before. A kernel refuses flags that it does not know with
// EINVAL.
func attempts() [4]uint32 {
	const always = setupDisabled | setupClamp | setupCQSize
	return [...]uint32{
		always | setupSubmitAll | setupSingleIssuer | setupDeferTaskrun, // 6.1
		always | setupSubmitAll | setupCoopTaskrun,                      // 5.19
		always | setupSubmitAll,                                         // 5.18
		always,
	}
}

// New makes a ring for a number of requests prepared at once, rounded up to a
// power of two, and four times as many in flight. The ring works once Enable is
// called. The error says what can be done about it.
func New(entries int) (*Ring, error) {
	ways := attempts()
	return newRing(entries, ways[:])
}

// newRing makes a ring in the first of several ways that the kernel knows.
func newRing(entries int, ways []uint32) (*Ring, error) {
	err := error(unix.EINVAL)
	for _, flags := range ways {
		p := params{cqEntries: 4 * uint32(entries), flags: flags}
		fd, _, e := unix.Syscall(unix.SYS_IO_URING_SETUP, uintptr(entries), uintptr(unsafe.Pointer(&p)), 0)
		if e == 0 {
			return mapRing(int(fd), &p)
		}
		if err = e; e != unix.EINVAL {
			break
		}
	}
	return nil, fmt.Errorf("make an io_uring: %w%s", err, advice(err))
}

// advice says what to do about an error of New or Enable.
func advice(err error) string {
	switch {
	case errors.Is(err, unix.ENOSYS):
		return " (the kernel has none, or a container's seccomp filter hides it)"
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return " (forbidden by the sysctl kernel.io_uring_disabled, by a container's seccomp filter or by the system's policy)"
	case errors.Is(err, unix.ENOMEM):
		return " (more locked memory is needed: ulimit -l, or LimitMEMLOCK= of the unit)"
	case errors.Is(err, unix.EINVAL):
		return " (Linux 5.13 or newer can)"
	}
	return ""
}

// mapRing maps the memory of a ring.
func mapRing(fd int, p *params) (*Ring, error) {
	r := &Ring{fd: fd}
	const needed = featSingleMmap | featNoDrop | featExtArg | featRsrcTags
	if p.features&needed != needed {
		r.release()
		return nil, fmt.Errorf("make an io_uring: the kernel is too old%s", advice(unix.EINVAL))
	}
	size := max(p.sq.array+p.sqEntries*4, p.cq.cqes+p.cqEntries*uint32(unsafe.Sizeof(Completion{})))
	var err error
	r.rings, err = unix.Mmap(fd, offRings, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err == nil {
		r.sqeArea, err = unix.Mmap(fd, offSQEs, int(p.sqEntries)*int(unsafe.Sizeof(sqe{})),
			unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	}
	if err != nil {
		r.release()
		return nil, fmt.Errorf("map the io_uring: %w%s", err, advice(err))
	}
	r.view(p)
	return r, nil
}

// view makes typed views of the mappings. No address is computed after this.
func (r *Ring) view(p *params) {
	r.sqes = unsafe.Slice((*sqe)(unsafe.Pointer(&r.sqeArea[0])), p.sqEntries)
	r.keep = make([]unsafe.Pointer, p.sqEntries)
	r.sqHead = (*atomic.Uint32)(unsafe.Pointer(&r.rings[p.sq.head]))
	r.sqTail = (*atomic.Uint32)(unsafe.Pointer(&r.rings[p.sq.tail]))
	r.cqes = unsafe.Slice((*Completion)(unsafe.Pointer(&r.rings[p.cq.cqes])), p.cqEntries)
	r.cqHead = (*atomic.Uint32)(unsafe.Pointer(&r.rings[p.cq.head]))
	r.cqTail = (*atomic.Uint32)(unsafe.Pointer(&r.rings[p.cq.tail]))
	// Requests are submitted in the order in which they are prepared.
	array := unsafe.Slice((*uint32)(unsafe.Pointer(&r.rings[p.sq.array])), p.sqEntries)
	for i := range array {
		array[i] = uint32(i)
	}
	r.arg.ts = uint64(uintptr(unsafe.Pointer(&r.wait)))
}

// release unmaps the ring's memory and closes its descriptor.
func (r *Ring) release() error {
	var errs [2]error
	if r.rings != nil {
		errs[0] = unix.Munmap(r.rings)
	}
	if r.sqeArea != nil {
		errs[1] = unix.Munmap(r.sqeArea)
	}
	return errors.Join(errs[0], errs[1], unix.Close(r.fd))
}

// Enable puts the ring into use, by the calling thread only.
func (r *Ring) Enable() error {
	_, _, e := unix.Syscall6(unix.SYS_IO_URING_REGISTER, uintptr(r.fd), registerEnable, 0, 0, 0, 0)
	if e != 0 {
		return fmt.Errorf("enable the io_uring: %w%s", e, advice(e))
	}
	return nil
}
