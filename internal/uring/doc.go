// SPDX-License-Identifier: GPL-2.0-only

// Package uring is a small io_uring (Linux): requests to read, write and poll
// files go to the kernel through memory shared with it, many with one system
// call, and their results come back the same way.
//
// A Ring belongs to one thread. Any thread may make it, before the process is
// confined if need be. Enable binds it to the calling thread, which the goroutine
// must have locked (runtime.LockOSThread); from then on only that thread uses it.
// An enabled Ring allocates nothing and starts no goroutine.
//
//	r.Readv(data, fd, vecs, offset)  // prepares; false: the queue is full
//	for r.SubmitPair() {}            // an idle disk begins with the first ones
//	r.Enter(1, time.Millisecond)     // submits the others, and waits for a completion
//	for c := range r.Completions { ... }
//
// The vectors and buffers of a request belong to the kernel from its preparation
// to its completion: the caller keeps them reachable and does not touch them.
//
// Whether a submission can block depends on the file: see Probe.
//
// New needs Linux 5.13. From 6.1 on, completions cost least: the kernel finishes
// requests only while the thread is in Enter, rather than interrupting it.
package uring
