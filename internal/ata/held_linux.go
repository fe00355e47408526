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

// How often, and how long after one another, a device is tried that is held: others
// who try it as we do hold it for a moment.
const (
	heldTries = 10
	heldPause = 50 * time.Millisecond
)

// use says what this host does with the block device, or nothing if it does not
// use it: the kernel lets nobody open exclusively what is mounted, or what swap,
// LVM, RAID or a program has for itself, a partition of it included.
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

// mounted says by what the device is held, as far as can be found out.
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

// isHeld tells whether a block device cannot be opened exclusively.
func isHeld(path string) bool {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_EXCL|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	}
	return errors.Is(err, unix.EBUSY)
}

// mountPoint finds in mountinfo (proc_pid_mountinfo(5)) where a device is
// mounted. Its third word is the device, the fifth the place.
func mountPoint(mountinfo string, device uint64) string {
	number := fmt.Sprintf("%d:%d", unix.Major(device), unix.Minor(device))
	for line := range strings.Lines(mountinfo) {
		if words := strings.Fields(line); len(words) > 4 && words[2] == number {
			return words[4]
		}
	}
	return ""
}
