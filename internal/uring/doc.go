// SPDX-License-Identifier: GPL-2.0-only

// Package uring is a small io_uring (Linux): requests to read, write, flush and
// poll files go to the kernel through memory shared with it, many with one
// system call, and their results come back the same way.
//
// A Ring belongs to one thread. New makes it and the tables of files and buffers
// are filled by any thread, before the process is confined if need be; Enable
// binds it to the calling thread, which its goroutine has locked
// (runtime.LockOSThread), and from then on only that thread uses it. Nothing
// is allocated, and no goroutine started, once it is enabled.
//
//	r.Readv(data, fd, vecs, offset, 0)  // prepares; false: the queue is full
//	r.Enter(1, time.Millisecond)        // submits, and waits for a completion
//	for c := range r.Completions { ... }
//
// What a request points to (vectors and buffers) belongs to the kernel from its
// preparation to its completion: the caller keeps it reachable and does not
// touch it.
//
// Whether a submission can keep its caller depends on the file: see Probe. Of
// what helps, registered buffers do most (a fifth to a quarter of the CPU time of
// a direct read of 1 KiB with 16 or 64 in flight), registered files less.
//
// New needs Linux 5.13; from 6.1 on, completions cost least (Ring.Deferred).
package uring
