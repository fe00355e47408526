// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"errors"
	"syscall"
)

// ErrInFlight means that requests are still in flight: the kernel may use their
// buffers until they end.
var ErrInFlight = errors.New("requests have not ended")

// Vec is one buffer of a Readv or Writev, laid out as the kernel's struct iovec.
type Vec struct {
	base *byte
	len  uintptr
}

// VecOf returns the Vec of a buffer, which must not be empty.
func VecOf(b []byte) Vec { return Vec{&b[0], uintptr(len(b))} }

// Flags modify a request.
type Flags uint32

// The flags of requests.
const (
	// FixedFile says that the file is an index of the ring's table of files
	// rather than a descriptor.
	FixedFile Flags = 1 << iota
	// Thread leaves the request to a kernel thread from the start, so the
	// submission does not wait, and writes to one file are not done one after the
	// other. See Ring.SetWorkers.
	Thread
	// NoWait makes a read or write fail with EAGAIN if it would have to wait, and
	// with EOPNOTSUPP if the file cannot tell (RWF_NOWAIT).
	NoWait
)

// Completion is the end of a request, laid out as the kernel's struct
// io_uring_cqe.
type Completion struct {
	Data   uint64 // what the request was prepared with
	Result int32  // what the system call would have returned; below 0, an error's number
	_      uint32 // flags
}

// Err returns the error that a request ended with, nil where there was none.
func (c Completion) Err() error {
	if c.Result >= 0 {
		return nil
	}
	return syscall.Errno(-c.Result)
}

// Access says which requests on a file a ring does truly asynchronously: neither
// the submission nor a kernel thread waits for the disk.
type Access int

// The accesses, as Probe finds them.
const (
	// Waits: none. The file has no way to tell that a request would wait, so the
	// kernel waits in the submission (FUSE, O_DIRECT) or leaves the request to
	// one of its threads (tmpfs).
	Waits Access = iota
	// AsyncReads: reads only; the file is open without O_DIRECT. Writes go into
	// the page cache, in the submission if the file can tell that they do not
	// wait, otherwise by a kernel thread, for each file one write after the other
	// (ext4).
	AsyncReads
	// Async: reads and writes; the file is open with O_DIRECT. Writes that change
	// the layout of the file on the disk (holes, its end) are done by kernel
	// threads.
	Async
)

// String returns a word for the access.
func (a Access) String() string { return [...]string{"waits", "async reads", "async"}[a] }

// PollIn is the event that a descriptor is readable (POLLIN).
const PollIn = 0x1
