// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"os"
	"syscall"
)

// opening is one opening of a file. The kernel reports a write that failed later
// to each opening once.
type opening struct {
	file     *os.File
	fd       int
	disk     bool // the file is a disk
	readOnly bool
	lazy     bool // it has no O_SYNC, or that does nothing
}

// newOpening returns the opening of a file.
func newOpening(file *os.File) opening { return opening{file: file, fd: int(file.Fd())} }

// ErrEnd is the error of an access beyond the end of a file or device that has
// become shorter.
var ErrEnd = errors.New("the disk ends before that")

// access is what a transfer does.
type access uint8

const (
	reads access = iota
	writes
	writesThrough // the data is on the disk when the transfer returns
)

// through returns the access that brings a write to the disk.
func (o *opening) through() access {
	if o.lazy {
		return writesThrough
	}
	return writes // O_SYNC does it
}

// transfer reads or writes vecs at an offset in the file, with as many system
// calls as that takes. Callers stay inside the window: a Disk checks every sector.
func (o *opening) transfer(vecs [][]byte, off int64, a access) (int, error) {
	done, skip := 0, 0 // bytes done, and how many of them are in vecs[0]
	for len(vecs) > 0 {
		n, err := o.vector(vecs, skip, off+int64(done), a)
		switch {
		case isInterrupted(err):
			continue
		case errors.Is(err, syscall.ENOSPC): // the error of a write beyond the end of a device
			return done, o.shortOf(err)
		case err != nil:
			return done, err
		case n == 0:
			return done, o.shortOf(ErrEnd)
		}
		done += n
		vecs, skip = advance(vecs, skip+n)
	}
	return done, nil
}

// advance returns vecs without their first n bytes: the slices that are left, and
// how many bytes to skip in the first of them.
func advance(vecs [][]byte, n int) ([][]byte, int) {
	for len(vecs) > 0 && n >= len(vecs[0]) {
		n -= len(vecs[0])
		vecs = vecs[1:]
	}
	return vecs, n
}

// shortOf returns why less was done than asked for at the end of the file or
// device: a device that was taken away has no size any more.
func (o *opening) shortOf(err error) error {
	if !o.disk {
		return err
	}
	if bytes, lost := o.bytes(); lost != nil || bytes == 0 {
		return errNoMedium
	}
	return err
}
