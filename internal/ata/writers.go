// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"fmt"
	"os"
)

// A write with O_SYNC goes through the page cache like every other. The kernel
// does not report whether its own data reached the disk, but whether all data did
// that was written out since the last call on this opening of the file. The first
// call that asks gets the error: of two writes at once, a lost one may succeed
// because the other one has failed. So every write has an opening of its own,
// which is told of each error. A write may also fail because of another one,
// present or past, so a failed write is repeated to find out.

// attempts is how often a write is tried before it fails.
const attempts = 3

// openingsOf returns how many openings a file needs for its options.
func openingsOf(o Options) int {
	if !o.Sync || o.ReadOnly {
		return 1
	}
	return 1 + max(1, o.Writers)
}

// openAll opens a file as often as its options need: once for everything, then
// once for each write that may run at once.
func openAll(path string, o Options) ([]*os.File, error) {
	var files []*os.File
	for range openingsOf(o) {
		file, err := os.OpenFile(path, openFlags(o), 0)
		if err != nil {
			closeAll(files)
			return nil, openError(path, err, o)
		}
		files = append(files, file)
		if err := sameAsFirst(path, files); err != nil {
			closeAll(files)
			return nil, err
		}
	}
	return files, nil
}

// sameAsFirst checks that the last opening is of the same file as the first.
func sameAsFirst(path string, files []*os.File) error {
	first, err := files[0].Stat()
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	last, err := files[len(files)-1].Stat()
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	if !isSame(first, last) {
		return fmt.Errorf("open %s: it was replaced at this moment; start again", path)
	}
	return nil
}

// closeAll closes files.
func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// addWriters makes each write use an opening of its own, if there are openings
// for writers.
func (f *File) addWriters() {
	own := f.openings[1:]
	if len(own) == 0 {
		return
	}
	f.writers = make(chan *opening, len(own))
	for _, file := range own {
		w := newOpening(file)
		w.disk, w.through = f.disk, true
		f.writers <- &w
	}
}

// writeThrough writes vecs at the byte offset off of the window, and to the disk.
func (f *File) writeThrough(vecs [][]byte, off int64) (n int, err error) {
	w := <-f.writers
	defer func() { f.writers <- w }()
	for range attempts {
		if n, err = w.transfer(vecs, f.start+off, true); err == nil {
			break
		}
		w.flush() // collects the errors so far, so that the next try gets only new ones
	}
	return n, err
}

// syncThrough flushes the disk's cache. It ignores errors of earlier writes,
// which have failed themselves.
func (f *File) syncThrough() (err error) {
	w := <-f.writers
	defer func() { f.writers <- w }()
	for range attempts {
		if err = w.flush(); err == nil {
			break
		}
	}
	return err
}
