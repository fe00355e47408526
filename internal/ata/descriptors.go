// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"fmt"
	"os"
	"slices"
	"sync"
)

// One process can open a file and another one serve it: the first calls OpenFile
// with its own rights and hands over the Descriptors, the other calls
// FromDescriptors and opens nothing.

// MaxDescriptors is the most openings of a file that FromDescriptors accepts.
const MaxDescriptors = 128

// FromDescriptors makes a File from the descriptors, in any order, of a File that
// another process has opened at path with the same options. It does not trust
// them: it checks again which kind of file they are of, how they were opened, and
// the window. It owns the descriptors, and closes them if it fails. There may be
// fewer than o.Writers asks for; then fewer writes run at once.
func FromDescriptors(path string, o Options, openings []*os.File) (*File, error) {
	if err := checkOpenings(path, o, openings); err != nil {
		closeAll(openings)
		return nil, err
	}
	f, err := newFile(path, o, openings)
	if err != nil {
		return nil, err
	}
	// The path is that of the process that opened the file, which may see other
	// files than this one.
	info, err := os.Stat(path)
	f.foreign = err != nil || !isSame(info, f.info)
	return f, nil
}

// Descriptors returns the openings of the file for FromDescriptors. They still
// belong to the File.
func (f *File) Descriptors() []*os.File { return slices.Clone(f.openings) }

// common is what a File and its Duplicates share, because they have the same
// openings: the kernel reports an error once to each, whichever of the Files asks,
// and calls of one that hang may end while another is in use.
type common struct {
	free   chan int   // numbers of the writers that are not in use
	syncMu sync.Mutex // held by Sync without writers
	lost   error      // of every such Sync from now on
}

// Duplicate returns another File with the same openings, which remains open when
// this one is closed. It does not wait for the disk.
func (f *File) Duplicate() (*File, error) {
	d := &File{path: f.path, info: f.info, foreign: f.foreign, start: f.start, length: f.length, tail: f.tail, held: f.held, common: f.common}
	for _, opening := range f.openings {
		copied, err := duplicate(opening)
		if err != nil {
			closeAll(d.openings)
			return nil, fmt.Errorf("duplicate a descriptor of %s: %w", f.path, err)
		}
		d.openings = append(d.openings, copied)
	}
	d.opening = newOpening(d.openings[0])
	d.disk, d.readOnly = f.disk, f.readOnly
	d.noTry.Store(f.noTry.Load())
	d.size.Store(f.size.Load())
	d.batches = f.batches
	if err := d.addWriters(); err != nil {
		closeAll(d.openings)
		return nil, err
	}
	return d, nil
}

// SameFile reports whether f and other are the same file or device, even if
// opened by different paths.
func (f *File) SameFile(other *File) bool { return isSame(f.info, other.info) }

// Overlaps reports whether f and other have sectors of the same file or device in
// common.
func (f *File) Overlaps(other *File) bool {
	return f.SameFile(other) && f.start < other.start+other.Size() && other.start < f.start+f.Size()
}

// checkOpenings checks descriptors that another process has opened.
func checkOpenings(path string, o Options, openings []*os.File) error {
	if n := len(openings); n == 0 || n > MaxDescriptors || (n > 1) != hasWriters(o) {
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

// areDistinct reports whether no two descriptors share an opening. It sets the
// file offset, which each opening has for itself and nothing else uses.
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
