// SPDX-License-Identifier: GPL-2.0-only

package netio

import "golang.org/x/sys/unix"

// AllowLocking raises the limit on locked memory as far as this process may. Open
// does that, too, but Links lock memory whenever their interfaces change, and those
// that are opened later may do so when raising the limit is no longer permitted. The
// kernel counts the memory of all processes of a user.
func AllowLocking() {
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
