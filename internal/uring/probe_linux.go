// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// pastEnd is an offset in bytes, aligned for O_DIRECT, that no file reaches.
const pastEnd = 1 << 62

// Probe finds out which requests on a file, which is open for reading, a ring
// does asynchronously. It tries a read past the end of the file that must not
// wait (RWF_NOWAIT). A file that cannot promise that refuses it; another has
// nothing to read there. The disk is not asked, so Probe does not wait for a disk
// that hangs.
//
// A file that promises not to wait may still read metadata from the disk in the
// submission.
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
