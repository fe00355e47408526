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

// flagDirect is no flag: checkDirect refuses.
const flagDirect = 0

// What a user needs to open a file.
const (
	needRead  = "read permission for this user"
	needWrite = "read and write permission for this user"
)

// isDisk tells whether a mode is that of a disk whose size is known here.
func isDisk(fs.FileMode) bool { return false }

// isReadOnlyMedium tells whether opening failed because nothing there can be written.
func isReadOnlyMedium(error) bool { return false }

// isInvalid tells whether the kernel found a call's arguments impossible.
func isInvalid(error) bool { return false }

// isInterrupted tells whether a signal cut a call short; os.File tries again itself.
func isInterrupted(error) bool { return false }

// checkWritable knows of no file that is opened for writing and cannot be written.
func (f *File) checkWritable() error { return nil }

// errDirect says that there is no direct I/O here.
var errDirect = errors.New("-d is not supported on this system; leave -d out")

// checkDirect refuses direct I/O.
func (f *File) checkDirect(path string) error { return fmt.Errorf("open %s: %w", path, errDirect) }

// bytes returns the size of the file.
func (f *File) bytes() (int64, error) {
	info, err := f.file.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// flush writes the file's data to the disk.
func (f *File) flush() error { return f.file.Sync() }

// vector reads or writes the first of vecs but for its first skip bytes.
func (f *File) vector(vecs [][]byte, skip int, off int64, write bool) (int, error) {
	if write {
		return f.file.WriteAt(vecs[0][skip:], off)
	}
	return f.file.ReadAt(vecs[0][skip:], off)
}

// tryRead cannot tell here what the page cache holds.
func (f *File) tryRead([][]byte, int64) error { return errors.ErrUnsupported }

// checkFlags refuses every descriptor: they are handed over on Linux and FreeBSD only.
func checkFlags(int, Options) error {
	return errors.New("is another process's (not supported on this system)")
}

// duplicate is not supported on this system.
func duplicate(*os.File) (*os.File, error) { return nil, errors.ErrUnsupported }
