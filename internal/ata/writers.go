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

// openingsOf is how many openings a file needs for its options.
func openingsOf(o Options) int {
	if !o.Sync || o.ReadOnly {
		return 1
	}
	return 1 + max(1, o.Writers)
}

// openAll opens a file as often as its options need it: first the opening for
// everything, then one for each write that may run at once.
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

// sameAsFirst tells whether the last opening is of the same file as the first.
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

// addWriters has each write use an opening of its own, where there are any but
// the file's.
func (f *File) addWriters() {
	own := f.openings[1:]
	if len(own) == 0 {
		return
	}
	f.writers = make(chan *File, len(own))
	for _, file := range own {
		f.writers <- &File{file: file, fd: int(file.Fd()), info: f.info, start: f.start, settles: isDisk(f.info.Mode())}
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
