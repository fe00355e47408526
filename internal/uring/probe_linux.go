// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// pastEnd is an offset in bytes, aligned for O_DIRECT, that no file reaches.
const pastEnd = 1 << 62

// Probe finds out what of a file, open for reading, a ring does asynchronously.
// It tries a read past the end that must not wait (RWF_NOWAIT): a file that
// cannot promise that refuses it before anything else, another has nothing to
// read. The disk is not asked, so a disk that hangs does not keep Probe.
//
// A file that promises not to wait may still read metadata in the submission,
// where it was not in memory yet.
func Probe(fd int) (Access, error) {
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return Waits, fmt.Errorf("ask how the file is open: %w", err)
	}
	_, err = unix.Preadv2(fd, [][]byte{make([]byte, 1<<12)}, pastEnd, unix.RWF_NOWAIT)
	switch {
	case errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOSYS):
		return Waits, nil
	case err != nil && !errors.Is(err, unix.EAGAIN):
		return Waits, fmt.Errorf("try to read without waiting: %w", err)
	case flags&unix.O_DIRECT != 0:
		return Async, nil
	}
	return AsyncReads, nil
}
