// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"

	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// How ioprio_set(2) is told whose priority it sets, and which.
const (
	ioprioWhoProcess = 1
	ioprioClassShift = 13
)

// set sets the priority of each thread of the process. Threads that they start
// inherit it.
func (p ioPriority) set() error {
	_, _, errno := psx.Syscall3(unix.SYS_IOPRIO_SET, ioprioWhoProcess, 0, uintptr(p.class<<ioprioClassShift|p.level))
	if errno != 0 {
		return fmt.Errorf("set the I/O priority: %w", errno)
	}
	return nil
}
