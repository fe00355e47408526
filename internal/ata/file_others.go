// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux && !freebsd

package ata

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// BUG(1): Outside Linux and FreeBSD only regular files are exported, without direct I/O.

// flagDirect has no effect: checkDirect refuses direct I/O.
const flagDirect = 0

// What a user needs to open a file.
const (
	needRead  = "read permission for this user"
	needWrite = "read and write permission for this user"
)

// isDisk returns false: the size of a disk cannot be found out on this system.
func isDisk(fs.FileMode) bool { return false }

// isReadOnlyMedium reports whether opening failed because nothing there can be
// written.
func isReadOnlyMedium(error) bool { return false }

// isInvalid reports whether the kernel refused a call's arguments.
func isInvalid(error) bool { return false }

// isInterrupted returns false: os.File repeats calls that a signal interrupts.
func isInterrupted(error) bool { return false }

// checkWritable returns nil: a file that is opened for writing can be written.
func (f *File) checkWritable() error { return nil }

// errDirect says that there is no direct I/O here.
var errDirect = errors.New("-d is not supported on this system; leave -d out")

// checkDirect refuses direct I/O.
func (f *File) checkDirect(path string) error { return fmt.Errorf("open %s: %w", path, errDirect) }

// bytes returns the size of the file.
func (o *opening) bytes() (int64, error) {
	info, err := o.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// fetch does nothing: no file is written in batches.
func (o *opening) fetch(int64) {}

// ignoresSync reports whether O_SYNC has no effect: os.File's has one.
func (f *File) ignoresSync() bool { return false }

// flush writes the file's data to the disk.
func (o *opening) flush() error { return o.file.Sync() }

// vector reads or writes the first of vecs, without its first skip bytes. Every
// opening for writing through has O_SYNC.
func (o *opening) vector(vecs [][]byte, skip int, off int64, a access) (int, error) {
	if a == reads {
		return o.file.ReadAt(vecs[0][skip:], off)
	}
	return o.file.WriteAt(vecs[0][skip:], off)
}

// tryRead is not supported on this system.
func (o *opening) tryRead([][]byte, int64) error { return errors.ErrUnsupported }

// checkFlags refuses every descriptor: they are handed over on Linux and FreeBSD only.
func checkFlags(int, Options) error {
	return errors.New("is another process's (not supported on this system)")
}

// isSynced reports whether an opening has O_SYNC. Each writer's has.
func isSynced(*os.File) (bool, error) { return true, nil }

// duplicate is not supported on this system.
func duplicate(*os.File) (*os.File, error) { return nil, errors.ErrUnsupported }
