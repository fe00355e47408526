// SPDX-License-Identifier: GPL-2.0-only

package uring

// Vec is one buffer of a Readv or Writev, laid out as the kernel's struct iovec.
type Vec struct {
	base *byte
	len  uintptr
}

// VecOf returns the Vec of a buffer, which must not be empty.
func VecOf(b []byte) Vec { return Vec{&b[0], uintptr(len(b))} }

// Completion is the end of a request, laid out as the kernel's struct
// io_uring_cqe.
type Completion struct {
	Data   uint64 // what the request was prepared with
	Result int32  // what the system call would have returned; below 0, an error's number
	_      uint32 // flags
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

// PollIn is the event that a descriptor is readable (POLLIN).
const PollIn = 0x1
