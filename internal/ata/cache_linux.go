// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// dropCache has the kernel drop what its page cache holds of the file or device. On a
// disk that several hosts share, another one may have written since. A device is written
// back first, as far as this host has something to write. Direct I/O passes the page
// cache.
//
// BLKFLSBUF would do the same with more rights, and clears a RAM disk on old kernels.
func (f *File) dropCache(o Options) {
	if o.Direct {
		return
	}
	if f.disk {
		if err := f.flush(); err != nil {
			f.doubts = append(f.doubts, fmt.Sprintf("%s: what this host had yet to write to it could not be written: %v", f.path, err))
		}
	}
	unix.Fadvise(f.fd, 0, 0, unix.FADV_DONTNEED) // all of it: parts of pages would stay
	if user := f.otherUser(); user != "" {
		f.doubts = append(f.doubts, fmt.Sprintf("%s: %s has it open, too; if another host writes to it, this host's page cache goes stale: -d passes it",
			f.path, user))
	}
}

// How often, and how long after one another, a device is looked at that others have
// open: some only look at it for a moment.
const (
	userTries = 4
	userPause = 50 * time.Millisecond
)

// otherUser names a process, besides this one, that has the device open; it is empty
// where there is none, as far as this process may see that.
func (f *File) otherUser() (user string) {
	var st unix.Stat_t
	if !f.disk || unix.Fstat(f.fd, &st) != nil {
		return ""
	}
	for try := range userTries {
		if try > 0 {
			time.Sleep(userPause)
		}
		if user = userOf(uint64(st.Rdev)); user == "" {
			return ""
		}
	}
	return user
}

// userOf names a process that has a device open, besides this one.
func userOf(device uint64) string {
	own := fmt.Sprintf("/proc/%d/fd/", os.Getpid())
	names, _ := filepath.Glob("/proc/[0-9]*/fd/[0-9]*")
	for _, name := range names {
		if strings.HasPrefix(name, own) {
			continue
		}
		// Only of what is in /dev the status is asked for: elsewhere that may hang.
		if to, err := os.Readlink(name); err != nil || !strings.HasPrefix(to, "/dev/") {
			continue
		}
		var st unix.Stat_t
		if unix.Stat(name, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFBLK || uint64(st.Rdev) != device {
			continue
		}
		dir := strings.TrimSuffix(name, filepath.Base(name))
		comm, _ := os.ReadFile(filepath.Join(dir, "../comm"))
		pid := strings.Split(name, "/")[2]
		return fmt.Sprintf("process %s (%s)", pid, strings.TrimSpace(string(comm)))
	}
	return ""
}
