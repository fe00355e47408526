// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package ata

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// checkFlags checks that a descriptor was opened as OpenFile opens it with the
// options.
func checkFlags(fd int, o Options) error {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return fmt.Errorf("has no flags: %w", err)
	}
	mode, want := flags&unix.O_ACCMODE, unix.O_RDWR
	if o.ReadOnly {
		want = unix.O_RDONLY
	}
	switch {
	case flags&notForData != 0:
		return errors.New("is not open for data")
	case mode != want && o.ReadOnly:
		return errors.New("is not open read-only")
	case mode != want:
		return errors.New("is not open for reading and writing")
	case flags&unix.O_APPEND != 0:
		return errors.New("is open for appending")
	case o.Direct && flags&unix.O_DIRECT == 0:
		return errors.New("is not open for direct I/O")
	case !o.Direct && flags&unix.O_DIRECT != 0:
		return errors.New("is open for direct I/O")
	}
	return nil
}

// isSynced reports whether an opening has O_SYNC.
func isSynced(file *os.File) (bool, error) {
	flags, err := unix.FcntlInt(file.Fd(), unix.F_GETFL, 0)
	return flags&unix.O_SYNC == unix.O_SYNC, err
}

// duplicate returns another descriptor for an opening.
func duplicate(file *os.File) (*os.File, error) {
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), file.Name()), nil
}
