// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"fmt"
	"os"
)

// A write that has to be durable goes through the page cache like every other.
// The kernel does not report whether its own data reached the disk, but whether
// all data did that was written out since the last call on this opening of the
// file. The first call that asks gets the error: of two writes at once, a lost one
// may succeed because the other one has failed. So every write, or batch, has an
// opening of its own, which is told of each error. A write may also fail because
// of another one, present or past, so a failed write is repeated to find out.

// attempts is how often a write is tried before it fails.
const attempts = 3

// hasWriters reports whether a file has openings for writers.
func hasWriters(o Options) bool { return o.Sync && !o.ReadOnly }

// openAll opens a file as often as its options need: once for everything, then
// once for each write that may run at once.
func openAll(path string, o Options) ([]*os.File, error) {
	first, err := os.OpenFile(path, openFlags(o), 0)
	if err != nil {
		return nil, openError(path, err, o)
	}
	files := []*os.File{first}
	if !hasWriters(o) {
		return files, nil
	}
	if files, err = openWriters(path, o, files); err != nil {
		closeAll(files)
		return nil, err
	}
	return files, nil
}

// openWriters appends the openings of the writers to the first one. They have
// O_SYNC unless writes are done in batches, which are flushed. It returns the
// files that are open also if it fails.
func openWriters(path string, o Options, files []*os.File) ([]*os.File, error) {
	batches, err := batchesOf(files[0], o)
	if err != nil {
		return files, openError(path, err, o)
	}
	flags, n := openFlags(o), max(1, o.Writers)
	if batches > 0 {
		n = min(n, 2*(batches+1)) // a write that is in no batch, and as many of a Duplicate
	} else {
		flags |= os.O_SYNC
	}
	for range n {
		file, err := os.OpenFile(path, flags, 0)
		if err != nil {
			return files, openError(path, err, o)
		}
		files = append(files, file)
		if err := sameAsFirst(path, files); err != nil {
			return files, err
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
func (f *File) addWriters() error {
	f.plain = batch{by: &f.opening, of: f}
	own := f.openings[1:]
	if len(own) == 0 {
		return nil
	}
	f.writers = make([]batch, len(own))
	for i, file := range own {
		w := newOpening(file)
		synced, err := isSynced(file)
		if err != nil {
			return fmt.Errorf("ask how %s is open: %w", f.path, err)
		}
		w.disk, w.lazy = f.disk, !synced || f.ignoresSync()
		f.writers[i] = batch{&w, f, i}
	}
	if f.free == nil { // otherwise it is that of the File of which f is a Duplicate
		f.free = make(chan int, len(own))
		for i := range own {
			f.free <- i
		}
	}
	return nil
}

// takeWriter returns a writer that is not in use, and may wait for one. There should
// be enough: a write that waits here begins even if its export has been removed
// meanwhile.
func (f *File) takeWriter() *batch { return &f.writers[<-f.free] }

// giveBack lets others use a writer.
func (b *batch) giveBack() { b.of.free <- b.number }

// writeThrough writes vecs at the byte offset off of the window, and to the disk.
func (f *File) writeThrough(vecs [][]byte, off int64) (n int, err error) {
	w := f.takeWriter()
	defer w.giveBack()
	for range attempts {
		if n, err = w.by.transfer(vecs, f.start+off, w.by.through()); err == nil {
			break
		}
		w.by.flush() // collects the errors so far, so that the next try gets only new ones
	}
	return n, err
}

// syncThrough flushes the disk's cache. It ignores errors of earlier writes,
// which have failed themselves, so it needs no writer, whose opening has to hear
// of each error: no write waits for a flush that hangs.
func (f *File) syncThrough() (err error) {
	for range attempts {
		if err = f.flush(); err == nil {
			break
		}
	}
	return err
}
