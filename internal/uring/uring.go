// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"errors"
	"syscall"
)

// ErrInFlight says that requests were left behind: the kernel may use their
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
	// Thread has a thread of the kernel do the request from the start, such that
	// the submission does not wait, whatever the file, and writes to one file are
	// not done one after the other. See Ring.SetWorkers.
	Thread
	// NoWait has a read or write fail with EAGAIN where it would have to wait,
	// and with EOPNOTSUPP where the file cannot tell (RWF_NOWAIT).
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

// Access is what of a file's reads and writes a ring does truly asynchronously:
// the submission does not wait for the disk, and no thread does either.
type Access int

// The accesses, as Probe finds them.
const (
	// Waits: neither. The file has no way to say that a request would wait, so
	// the kernel waits in the submission (FUSE, O_DIRECT) or leaves the request
	// to one of its threads (tmpfs).
	Waits Access = iota
	// AsyncReads: reads; the file is open without O_DIRECT. Writes go into the
	// page cache: in the submission where the file can tell that they do not
	// wait, else by a thread, for one file one write after the other (ext4).
	AsyncReads
	// Async: both; the file is open with O_DIRECT. Writes that change how the
	// file is laid out on the disk (holes, its end) are done by threads.
	Async
)

// String returns a word for the access.
func (a Access) String() string { return [...]string{"waits", "async reads", "async"}[a] }

// PollIn is the event that a descriptor can be read from (POLLIN).
const PollIn = 0x1
