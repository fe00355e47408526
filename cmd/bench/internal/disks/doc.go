// SPDX-License-Identifier: GPL-2.0-only

// Package disks makes the disks that the benchmark's targets export: files
// (files.go), a loop device over memory (loop.go) and a slow disk, which a helper
// serves (slow.go). It also reads disks without a target (fio.go, threads.go).
//
// A disk has no name that outlives the benchmark. A descriptor holds it, and its
// path leads through /proc. The kernel removes it with its last user, even if
// that crashes.
package disks
