// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux && !freebsd

package statefile

import (
	"errors"
	"fmt"
	"os"
)

// BUG(2): State is kept on Linux and FreeBSD only.

// openFlags is empty.
const openFlags = 0

// tryLock refuses every file: it cannot be locked here.
func (f *File) tryLock() (inUse bool, err error) {
	return false, fmt.Errorf("lock %s: not supported on this system", f.path)
}

// checkFlags refuses every descriptor.
func (f *File) checkFlags() error {
	return fmt.Errorf("open %s: a descriptor of another process is not supported on this system", f.path)
}

// duplicate is not supported on this system.
func duplicate(*os.File) (*os.File, error) { return nil, errors.ErrUnsupported }

// ID is not supported on this system.
func ID(*os.File) (string, error) { return "", errors.ErrUnsupported }

// syncDir is not needed: no file is made here that is used.
func syncDir(string) error { return nil }
