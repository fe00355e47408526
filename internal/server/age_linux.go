// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"time"

	"golang.org/x/sys/unix"
)

// sinceBoot returns the time since the host has started, suspended or not.
func sinceBoot() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return clock()
	}
	return time.Duration(t.Nano())
}
