// SPDX-License-Identifier: GPL-2.0-only

package statefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"vblade/internal/aoe"
	"vblade/internal/blade"
)

// storage is what a File needs of the file that holds it.
type storage interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// File is the state file of one export. Only one goroutine at a time may call its
// methods.
type File struct {
	file    *os.File
	storage storage // file
	path    string  // to be shown
	id      string
	of      aoe.Address
	inUse   bool // another process has it

	kept   blade.State // the state that was read or written last
	newest uint64      // generation of the record that was written last, whether or not that succeeded
	whole  int         // index of the record that holds kept
}

// newFile returns the File of an opened file that was not read yet.
func newFile(file *os.File, path string, of aoe.Address) *File {
	return &File{file: file, storage: file, path: path, of: of}
}

// Path returns the path of the file, as the process that opened it sees it.
func (f *File) Path() string { return f.path }

// ID returns what distinguishes the file from all others of this host.
func (f *File) ID() string { return f.id }

// InUse reports whether Open has found the file in use by another process. Then the
// file was not read.
func (f *File) InUse() bool { return f.inUse }

// invalidError is the error of a file without a usable record.
type invalidError struct {
	path string
	why  error
}

// Error says which file, and why.
func (e invalidError) Error() string {
	return fmt.Sprintf("%s cannot be used: %v", e.path, e.why)
}

// IsInvalid reports whether an error of Load means that nothing in the file can be
// used. The export then starts as one on which initiators have set nothing.
func IsInvalid(err error) bool { return errors.As(err, new(invalidError)) }

// Load returns the state that is kept. If there is none, the next Save replaces what
// the file holds.
func (f *File) Load() (*blade.State, error) {
	f.kept, f.newest, f.whole = blade.State{}, 0, 0
	b := make([]byte, Size)
	if _, err := f.storage.ReadAt(b, 0); err != nil && err != io.EOF {
		return nil, f.error("read", err)
	}
	found, why := false, error(errForeign)
	for i := range 2 {
		s, generation, err := decode(b[i*RecordSize:][:RecordSize], f.of)
		if err != nil {
			if why == errForeign {
				why = err
			}
			continue
		}
		if !found || generation > f.newest {
			f.kept, f.newest, f.whole = *s, generation, i
		}
		found = true
	}
	if !found {
		return nil, invalidError{f.path, why}
	}
	s := f.kept
	return &s, nil
}

// Save keeps a state, and returns once it is on the disk. If it fails, the previous
// state is still kept, even if part of the new one was written.
func (f *File) Save(s *blade.State) error {
	err := f.put(s)
	if err == nil {
		f.kept, f.whole = *s, 1-f.whole
		return nil
	}
	// What was written may be whole all the same, and would be the newest.
	if again := f.put(&f.kept); again == nil {
		f.whole = 1 - f.whole
	}
	return err
}

// put writes a state over the record that does not hold the kept state.
func (f *File) put(s *blade.State) error {
	f.newest++
	at := int64(1-f.whole) * RecordSize
	if _, err := f.storage.WriteAt(encode(f.of, f.newest, s), at); err != nil {
		return f.error("write", err)
	}
	if err := f.storage.Sync(); err != nil {
		return f.error("sync", err)
	}
	return nil
}

// make fills a new file. Its first record holds the kept state, which is empty.
func (f *File) make() error {
	f.kept, f.newest, f.whole = blade.State{}, 1, 0
	both := append(encode(f.of, f.newest, &f.kept), make([]byte, RecordSize)...)
	if _, err := f.storage.WriteAt(both, 0); err != nil {
		return f.error("write", err)
	}
	if err := f.storage.Sync(); err != nil {
		return f.error("sync", err)
	}
	return nil
}

// Descriptor returns the opening of the file, which still belongs to the File.
func (f *File) Descriptor() *os.File { return f.file }

// Close closes the file.
func (f *File) Close() error { return f.file.Close() }

// error returns an error that says what could not be done with the file.
func (f *File) error(what string, err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return fmt.Errorf("%s %s: %w", what, f.path, err)
}
