// SPDX-License-Identifier: GPL-2.0-only

// Package disks makes the disks that the benchmark's targets export: files
// (files.go), a loop device over memory (loop.go) and a slow disk, which a helper
// serves (slow.go). What reads a disk without a target is here too: fio.go,
// threads.go.
//
// A disk has no name that outlives the benchmark. It is held by a descriptor, and
// reached through /proc; the kernel removes it with its last user, however that
// ends.
package disks
