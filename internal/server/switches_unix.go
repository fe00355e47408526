// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package server

import "golang.org/x/sys/unix"

// switchCount returns how often the calling thread has slept.
func switchCount() int64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) != nil {
		return -1
	}
	return int64(u.Nvcsw)
}
