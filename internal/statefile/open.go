// SPDX-License-Identifier: GPL-2.0-only

package statefile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"vblade/internal/aoe"
)

// tries is how often Open starts over if other processes set the file aside
// meanwhile.
const tries = 10

// Open opens the state file of an export in a directory, locks it and reads it. It
// makes both if they do not exist. It sets a file that cannot be used aside and
// makes a new one: the warning says so. If another process has the file, it is
// InUse.
func Open(dir string, of aoe.Address) (f *File, warning error, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, nil, fmt.Errorf("find the path of %s: %w", dir, err)
	}
	if err := makeDir(dir); err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, of.String()+".state")
	for range tries {
		if f, err = open(path, of); err != nil {
			return nil, nil, err
		}
		if f.inUse {
			return f, nil, nil
		}
		leads, err := f.prepare(path)
		switch {
		case err == nil && leads:
			return f, warning, nil
		case IsInvalid(err):
			warning, err = f.setAside(err)
		}
		f.Close()
		if err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, fmt.Errorf("open %s: it is moved away again and again", path)
}

// Find opens the state file of an export in a directory, to compare it with others.
// It makes, locks, reads and moves nothing, and returns nil if there is no file that
// Open would use as it is.
func Find(dir string, of aoe.Address) (*File, error) {
	path, err := filepath.Abs(filepath.Join(dir, of.String()+".state"))
	if err != nil {
		return nil, fmt.Errorf("find the path of %s: %w", dir, err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|openFlags, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || info.Size() != Size {
		file.Close()
		return nil, err
	}
	return FromDescriptor(path, of, file)
}

// makeDir makes a directory if it does not exist.
func makeDir(dir string) error {
	err := os.Mkdir(dir, 0o700)
	switch {
	case err == nil:
		return syncDir(filepath.Dir(dir))
	case errors.Is(err, fs.ErrExist):
		return nil // opening the file fails if it is no directory
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("make %s: %s is not there", dir, filepath.Dir(dir))
	}
	return err
}

// errNotRegular is the error of what cannot be a state file.
func errNotRegular(path string) error {
	return fmt.Errorf("open %s: it is no regular file; move it away", path)
}

// open opens a state file, or makes it if it does not exist, and locks it.
func open(path string, of aoe.Address) (*File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|openFlags, 0o600)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) { // a symbolic link, on Linux and FreeBSD
		return nil, errNotRegular(path)
	}
	if err != nil {
		return nil, err
	}
	f := newFile(file, path, of)
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular(path)
	}
	if err == nil {
		f.id, err = ID(file)
	}
	if err == nil {
		f.inUse, err = f.tryLock()
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

// prepare reads a locked file, or fills it if it is new, and reports whether its
// path still leads to it: if not, another process has set it aside.
func (f *File) prepare(path string) (leads bool, err error) {
	info, err := f.file.Stat()
	if err != nil {
		return false, f.error("open", err)
	}
	now, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && !os.SameFile(info, now):
		return false, nil
	case err != nil:
		return false, err
	case info.Size() == 0:
		if err := f.make(); err != nil {
			os.Remove(path)
			return false, err
		}
		return true, syncDir(filepath.Dir(path))
	case info.Size() != Size:
		return false, invalidError{path, errForeign}
	}
	_, err = f.Load()
	return true, err
}

// setAside renames a file that cannot be used, and replaces the one that was set
// aside before. The warning says so.
func (f *File) setAside(why error) (warning, err error) {
	to := f.path + ".bad"
	if err := os.Rename(f.path, to); err != nil {
		return nil, fmt.Errorf("%w; move it away: %w", why, err)
	}
	return fmt.Errorf("%w; it is set aside as %s: config string, masks and reservation of %v that were kept are not in force", why, to, f.of), nil
}

// FromDescriptor makes a File from the descriptor of a file that another process
// has opened at path by Open. It does not trust it. It owns the descriptor, and
// closes it if it fails.
func FromDescriptor(path string, of aoe.Address, file *os.File) (*File, error) {
	f := newFile(file, path, of)
	info, err := file.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("open %s: the descriptor is of no regular file", path)
	case info.Size() != Size:
		err = fmt.Errorf("open %s: the descriptor is of a file of %d bytes, not %d", path, info.Size(), Size)
	default:
		err = f.checkFlags()
	}
	if err == nil {
		f.id, err = ID(file)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return f, nil
}

// Lock keeps other processes from the file. It does nothing if the process that
// handed over its descriptor has locked it.
func (f *File) Lock() error {
	inUse, err := f.tryLock()
	if err == nil && inUse {
		err = f.ErrInUse()
	}
	return err
}

// ErrInUse returns the error of a file that another process has.
func (f *File) ErrInUse() error {
	return fmt.Errorf("%s is in use by another process: %v is served elsewhere, or was just now", f.path, f.of)
}

// Duplicate returns another File with the same opening, which remains open when this
// one is closed.
func (f *File) Duplicate() (*File, error) {
	file, err := duplicate(f.file)
	if err != nil {
		return nil, f.error("duplicate a descriptor of", err)
	}
	d := newFile(file, f.path, f.of)
	d.id = f.id
	return d, nil
}
