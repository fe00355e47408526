// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package statefile

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openFlags make an open fail at a symbolic link, which somebody else may have
// made, and not wait for the other end of a pipe.
const openFlags = unix.O_NOFOLLOW | unix.O_NONBLOCK

// tryLock locks the opening, and reports whether another opening of the file has
// the lock.
func (f *File) tryLock() (inUse bool, err error) {
	for {
		switch err := unix.Flock(int(f.file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
		case nil:
			return false, nil
		case unix.EWOULDBLOCK:
			return true, nil
		case unix.EINTR:
		default:
			return false, f.error("lock", err)
		}
	}
}

// checkFlags checks that the file was opened as Open does it.
func (f *File) checkFlags() error {
	flags, err := unix.FcntlInt(f.file.Fd(), unix.F_GETFL, 0)
	switch {
	case err != nil:
		return f.error("find the flags of", err)
	case flags&unix.O_ACCMODE != unix.O_RDWR || flags&unix.O_APPEND != 0:
		return fmt.Errorf("open %s: the descriptor is not open for reading and writing", f.path)
	}
	return nil
}

// duplicate returns another descriptor of an opening.
func duplicate(file *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), file.Name()), nil
}

// ID returns what distinguishes a file from all others of this host.
func ID(file *os.File) (string, error) {
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	st := info.Sys().(*syscall.Stat_t)
	return fmt.Sprintf("%d:%d", uint64(st.Dev), uint64(st.Ino)), nil
}

// syncDir makes durable what was made, moved or removed in a directory, if its file
// system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	if errors.Is(err, unix.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}
