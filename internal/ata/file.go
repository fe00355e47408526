// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
)

// Options say how a file is exported.
type Options struct {
	Offset   int64 // sectors left out at the start
	Length   int64 // sectors exported; 0 for all that follow
	ReadOnly bool  // open it for reading only
	Direct   bool  // O_DIRECT: past the page cache
	Sync     bool  // a write returns once it is on the disk
	Force    bool  // serve for writing what this host uses itself
	Writers  int   // with Sync, how many writes may run at once; 0 for one
}

// File is a Store: a window of whole sectors on a regular file or block device.
type File struct {
	opening             // for everything but what the writers do
	openings []*os.File // of the file: that one, then those of the writers
	path     string
	info     os.FileInfo // as of its opening
	foreign  bool        // the path is another process's, and leads elsewhere here
	start    int64       // of the window, in bytes
	length   int64       // of the window, in bytes, at most; 0 for no limit
	tail     int64       // bytes after the last whole sector, if the window has no other end
	held     string      // what Options.Force serves nevertheless
	doubts   []string    // what else may not be as is meant, of the page cache
	noTry    atomic.Bool // TryReadAt cannot tell here

	size    atomic.Int64 // of the window, in bytes
	looking sync.Mutex   // held by Refresh

	batches int     // how many should be written at once, or 0
	plain   batch   // what Begin returns without writers
	writers []batch // they write for the File; nil without Options.Sync
	*common
}

// OpenFile opens path for export. Its errors say what is wrong with which file
// and what to do about it.
func OpenFile(path string, o Options) (*File, error) {
	// Checked before opening, because opening some character devices and pipes
	// acts on them, or waits.
	info, err := os.Stat(path)
	if err != nil {
		return nil, openError(path, err, o)
	}
	if err := checkMode(path, info.Mode()); err != nil {
		return nil, err
	}
	openings, err := openAll(path, o)
	if err != nil {
		return nil, err
	}
	f, err := newFile(path, o, openings)
	if err != nil {
		return nil, err
	}
	if err := f.checkHeld(o); err != nil {
		f.Close()
		return nil, err
	}
	f.dropCache(o)
	return f, nil
}

// newFile makes a File from the openings of a file. It owns them, and closes them
// if it fails.
func newFile(path string, o Options, openings []*os.File) (*File, error) {
	f := &File{openings: openings, opening: newOpening(openings[0]), path: path, common: new(common)}
	f.readOnly = o.ReadOnly
	if err := f.prepare(o); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// prepare completes a File that has its openings.
func (f *File) prepare(o Options) (err error) {
	if f.info, err = f.file.Stat(); err != nil {
		return openError(f.path, err, o)
	}
	f.disk = isDisk(f.info.Mode())
	if err := f.checkWritable(); err != nil {
		return err
	}
	if err := f.setWindow(f.path, o); err != nil {
		return err
	}
	if o.Direct {
		f.noTry.Store(true) // every read waits for the disk
		if err := f.checkDirect(f.path); err != nil {
			return err
		}
	}
	if f.batches, err = batchesOf(f.file, o); err != nil {
		return openError(f.path, err, o)
	}
	return f.addWriters()
}

// openFlags returns the flags of open(2) for options.
func openFlags(o Options) int {
	flags := os.O_RDWR
	if o.ReadOnly {
		flags = os.O_RDONLY
	}
	if o.Direct {
		flags |= flagDirect
	}
	return flags
}

// checkMode returns an error for files that are neither regular nor disks.
func checkMode(path string, mode fs.FileMode) error {
	kind := ""
	switch {
	case mode.IsRegular(), isDisk(mode):
		return nil
	case mode.IsDir():
		kind = "a directory"
	case mode&fs.ModeCharDevice != 0:
		kind = "a character device"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	default:
		kind = "not a file"
	}
	return fmt.Errorf("open %s: is %s; name a regular file or a block device", path, kind)
}

// openError adds to an error of opening path what to do about it.
func openError(path string, err error, o Options) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	hint := ""
	switch {
	case errors.Is(err, fs.ErrPermission) && o.ReadOnly:
		hint = " (needs " + needRead + ")"
	case errors.Is(err, fs.ErrPermission):
		hint = " (needs " + needWrite + "; -r exports read-only)"
	case isReadOnlyMedium(err):
		hint = " (-r exports it read-only)"
	case o.Direct && isInvalid(err):
		hint = " (its file system has no direct I/O; leave -d out)"
	}
	return fmt.Errorf("open %s: %w%s", path, err, hint)
}

// setWindow finds out the size of the file, and sets the part of it that is
// exported.
func (f *File) setWindow(path string, o Options) error {
	bytes, err := f.bytes()
	if err != nil {
		return fmt.Errorf("find the size of %s: %w", path, err)
	}
	total := bytes / SectorSize
	left := total - o.Offset
	switch {
	case total == 0 && f.disk:
		return fmt.Errorf("%s holds %d bytes, less than one sector of %d; is there a medium, or a file attached to it?", path, bytes, SectorSize)
	case total == 0:
		return fmt.Errorf("%s holds %d bytes, less than one sector of %d; enlarge it, for example with: truncate -s 1G %s",
			path, bytes, SectorSize, path)
	case left <= 0:
		return fmt.Errorf("offset of %d sectors is past the end of %s, which has %d; give less", o.Offset, path, total)
	case o.Length > left:
		return fmt.Errorf("length of %d sectors is too long: %s has %d from offset %d (%d in all); give at most that",
			o.Length, path, left, o.Offset, total)
	}
	f.start, f.length = o.Offset*SectorSize, o.Length*SectorSize
	if o.Length == 0 {
		f.tail = bytes % SectorSize
	}
	f.resize(bytes)
	return nil
}

// Close closes the file. It must not be used any more.
func (f *File) Close() error {
	closeAll(f.openings[1:])
	return f.file.Close()
}

// Size returns the number of bytes exported, a multiple of SectorSize.
func (f *File) Size() int64 { return f.size.Load() }

// ReadOnly reports whether the file was opened for reading only.
func (f *File) ReadOnly() bool { return f.readOnly }

// ReadAt fills vecs from the byte offset off of the window.
func (f *File) ReadAt(vecs [][]byte, off int64) (int, error) {
	return f.transfer(vecs, f.start+off, reads)
}

// WriteAt writes vecs at the byte offset off of the window.
func (f *File) WriteAt(vecs [][]byte, off int64) (int, error) {
	if f.writers != nil {
		return f.writeThrough(vecs, off)
	}
	return f.transfer(vecs, f.start+off, writes)
}

// Sync returns once the data of every earlier write is on the disk. The kernel
// reports only once that writes to the disk have failed, and not which ones. From
// then on it is not known what is on the disk, and Sync never succeeds again.
func (f *File) Sync() error {
	if f.writers != nil {
		return f.syncThrough()
	}
	f.syncMu.Lock()
	defer f.syncMu.Unlock()
	if f.lost == nil {
		if err := f.flush(); err != nil {
			f.lost = fmt.Errorf("%w; %w", err, ErrLost)
		}
	}
	return f.lost
}

// TryReadAt fills vecs from the byte offset off of the window if the page cache
// holds all of it. It cannot tell for direct I/O, and on some file systems.
func (f *File) TryReadAt(vecs [][]byte, off int64) error {
	if f.noTry.Load() {
		return errors.ErrUnsupported
	}
	err := f.tryRead(vecs, f.start+off)
	if err == errors.ErrUnsupported {
		f.noTry.Store(true)
	}
	return err
}
