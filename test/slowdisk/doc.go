// SPDX-License-Identifier: GPL-2.0-only

// Package slowdisk is a disk as slow, as broken and as large as a test or a
// benchmark wants it: a file in a FUSE file system whose reads, writes and
// fsyncs can be delayed, failed and hung while it is in use.
//
// The file has no directory entry that outlives a process: its file system is
// mounted on a temporary directory, opened and unmounted at once, and reached
// through /proc. The kernel removes it with its last user, however that ends.
//
// Let other processes use it where it may hang: the kernel cannot end a process
// that waits for itself.
//
// Every 512-byte sector begins with its own number, 8 bytes, low byte first,
// followed by zeros, until it is written. What was written is kept in memory.
package slowdisk
