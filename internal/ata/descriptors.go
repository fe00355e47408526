// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"fmt"
	"os"
	"slices"
)

// A file may be opened by one process and served by another: the first calls
// OpenFile with its own rights and hands over the Descriptors, the other one
// makes a File of them and opens nothing.

// MaxDescriptors is the most openings of a file that FromDescriptors takes.
const MaxDescriptors = 128

// FromDescriptors makes a File of what another process's OpenFile opened at path
// with the same options, in any order. It trusts none of the descriptors: what
// kind of file they are of, how they were opened and the window are checked
// again. It owns the openings: if it fails, it closes them. Fewer openings than
// o.Writers asks for are enough; fewer writes run at once then.
func FromDescriptors(path string, o Options, openings []*os.File) (*File, error) {
	if err := checkOpenings(path, o, openings); err != nil {
		closeAll(openings)
		return nil, err
	}
	f, err := newFile(path, o, openings)
	if err != nil {
		return nil, err
	}
	// The path is that of whoever opened it, who may see other files than we do.
	info, err := os.Stat(path)
	f.foreign = err != nil || !isSame(info, f.info)
	return f, nil
}

// Descriptors returns the openings of the file for FromDescriptors. They remain
// the File's.
func (f *File) Descriptors() []*os.File { return slices.Clone(f.openings) }

// Duplicate returns another File of the same openings, for when this one is
// closed. It does not wait for the disk.
func (f *File) Duplicate() (*File, error) {
	d := &File{path: f.path, info: f.info, foreign: f.foreign, start: f.start, length: f.length, tail: f.tail, held: f.held, readOnly: f.readOnly}
	for _, opening := range f.openings {
		copied, err := duplicate(opening)
		if err != nil {
			closeAll(d.openings)
			return nil, fmt.Errorf("duplicate a descriptor of %s: %w", f.path, err)
		}
		d.openings = append(d.openings, copied)
	}
	d.file, d.fd = d.openings[0], int(d.openings[0].Fd())
	d.noTry.Store(f.noTry.Load())
	d.size.Store(f.size.Load())
	d.addWriters()
	return d, nil
}

// SameFile tells whether f and other are of the same file or device, whatever
// paths they were opened by.
func (f *File) SameFile(other *File) bool { return isSame(f.info, other.info) }

// checkOpenings checks descriptors that another process has opened.
func checkOpenings(path string, o Options, openings []*os.File) error {
	if n := len(openings); n == 0 || n > MaxDescriptors || (n == 1) != (openingsOf(o) == 1) {
		return fmt.Errorf("open %s: %d descriptors do not fit the options", path, n)
	}
	for i, file := range openings {
		info, err := file.Stat()
		if err != nil {
			return fmt.Errorf("open %s: descriptor %d: %w", path, i, err)
		}
		if err := checkMode(path, info.Mode()); err != nil {
			return err
		}
		if err := checkFlags(int(file.Fd()), o); err != nil {
			return fmt.Errorf("open %s: descriptor %d %w", path, i, err)
		}
		if err := sameAsFirst(path, openings[:i+1]); err != nil {
			return err
		}
	}
	if len(openings) > 1 && !areDistinct(openings) {
		return fmt.Errorf("open %s: two descriptors are of one opening", path)
	}
	return nil
}

// areDistinct tells whether no two descriptors are of one opening: each opening
// has a file offset of its own. Nothing else here uses it.
func areDistinct(openings []*os.File) bool {
	for i, file := range openings {
		if at, err := file.Seek(int64(i), 0); err != nil || at != int64(i) {
			return false
		}
	}
	for i, file := range openings {
		if at, err := file.Seek(0, 1); err != nil || at != int64(i) {
			return false
		}
	}
	return true
}
