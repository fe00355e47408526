// SPDX-License-Identifier: GPL-2.0-only

package main

import "golang.org/x/sys/unix"

// raiseLimits raises the limit on locked memory as far as this process may,
// because links that are added later lock memory when it may no longer.
func raiseLimits() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit) != nil {
		return
	}
	most := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if unix.Setrlimit(unix.RLIMIT_MEMLOCK, &most) != nil {
		limit.Cur = limit.Max
		unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit)
	}
}
