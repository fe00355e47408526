// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// How often a device that is held is tried, and the pause between tries. Other
// processes that try it in the same way hold it for a moment.
const (
	heldTries = 10
	heldPause = 50 * time.Millisecond
)

// use says how this host uses the block device; it is empty if it does not. A
// device cannot be opened exclusively while it, or a partition of it, is mounted
// or belongs to swap, LVM, RAID or a program.
func (f *File) use() string {
	if !isDisk(f.info.Mode()) {
		return ""
	}
	for try := 0; isHeld(f.path); try++ {
		if try == heldTries {
			return f.mounted()
		}
		time.Sleep(heldPause)
	}
	return ""
}

// mounted says what uses the device, as far as can be found out.
func (f *File) mounted() string {
	mounts, _ := os.ReadFile("/proc/thread-self/mountinfo")
	var st unix.Stat_t
	if unix.Fstat(f.fd, &st) == nil {
		if dir := mountPoint(string(mounts), uint64(st.Rdev)); dir != "" {
			return "has it mounted on " + dir
		}
	}
	return "uses it (mount, swap, LVM, RAID or another program)"
}

// isHeld reports whether a block device cannot be opened exclusively.
func isHeld(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_EXCL|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return errors.Is(err, unix.EBUSY)
}

// mountPoint finds out from mountinfo (proc_pid_mountinfo(5)) where a device is
// mounted. The third word of a line is the device, the fifth the mount point.
func mountPoint(mountinfo string, device uint64) string {
	number := fmt.Sprintf("%d:%d", unix.Major(device), unix.Minor(device))
	for line := range strings.Lines(mountinfo) {
		if words := strings.Fields(line); len(words) > 4 && words[2] == number {
			return words[4]
		}
	}
	return ""
}
