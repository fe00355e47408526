// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"fmt"
	"os"
)

// An O_SYNC write goes through the page cache like every other, and the kernel
// does not tell it whether its own data reached the disk, but whether all did
// that was written out since the last call on this opening of the file. The
// first call that asks gets the error; of two writes at once, the one that was
// lost may succeed because the other one failed. So every write has an opening
// of its own, and is told of each error. One that fails does so perhaps for the
// sake of another, of now or of long ago, and is done again to find out.

// attempts is how often a write through the cache is tried before it fails.
const attempts = 3

// openWriters opens the file again for each write that may run at once.
func (f *File) openWriters(o Options) error {
	n := max(1, o.Writers)
	f.writers = make(chan *File, n)
	for range n {
		file, err := os.OpenFile(f.path, openFlags(o), 0)
		if err != nil {
			return openError(f.path, err, o)
		}
		f.writers <- &File{file: file, fd: int(file.Fd()), start: f.start}
		info, err := file.Stat()
		if err != nil {
			return openError(f.path, err, o)
		}
		if !isSame(info, f.info) {
			return fmt.Errorf("open %s: it was replaced at this moment; start again", f.path)
		}
	}
	return nil
}

// closeWriters closes what openWriters has opened.
func (f *File) closeWriters() {
	for range len(f.writers) {
		(<-f.writers).file.Close()
	}
}

// writeThrough writes vecs at the byte offset off of the window, and to the disk.
func (f *File) writeThrough(vecs [][]byte, off int64) (n int, err error) {
	w := <-f.writers
	defer func() { f.writers <- w }()
	for range attempts {
		if n, err = w.transfer(vecs, off, true); err == nil {
			break
		}
		w.flush() // to hear of what is known so far, so that only what comes counts
	}
	return n, err
}

// syncThrough has the disk's cache written. It forgets errors: a write that
// was lost has said so itself.
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
