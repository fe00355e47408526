// SPDX-License-Identifier: GPL-2.0-only

package frametest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
)

// guard is the number of bytes kept on either side of a Store's own, which
// nothing may touch.
const guard = 64 * sectorSize

// The errors of a Store.
var (
	errBad     = errors.New("bad sector")
	errOutside = errors.New("outside the store")
)

// Store is a disk in memory (an ata.Store) that notices what should not happen
// to it.
type Store struct {
	export Export

	mu      sync.Mutex
	slab    []byte // guard, the Store's own bytes, guard
	syncs   int
	trouble error // the first
}

// NewStore returns the export's disk. It holds Content.
func (e Export) NewStore() *Store {
	s := &Store{export: e}
	edge := bytes.Repeat([]byte{0xee}, guard)
	s.slab = append(append(append(s.slab, edge...), Content(0, Sectors)...), edge...)
	return s
}

// Size returns the number of bytes.
func (s *Store) Size() int64 { return Sectors * sectorSize }

// Refresh finds nothing new.
func (s *Store) Refresh() error { return nil }

// ReadOnly reports whether the export is.
func (s *Store) ReadOnly() bool { return s.export.ReadOnly }

// Sync fails where the export's flushes do.
func (s *Store) Sync() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.syncs++
	if s.export.BadFlush {
		return errBad
	}
	return nil
}

// Syncs returns how often Sync was called.
func (s *Store) Syncs() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.syncs
}

// ReadAt fills vecs from the byte offset off.
func (s *Store) ReadAt(vecs [][]byte, off int64) (int, error) {
	return s.transfer(vecs, off, false)
}

// WriteAt writes vecs at the byte offset off.
func (s *Store) WriteAt(vecs [][]byte, off int64) (int, error) {
	return s.transfer(vecs, off, true)
}

// transfer reads or writes up to the middle of the first bad sector.
func (s *Store) transfer(vecs [][]byte, off int64, write bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := 0
	for _, v := range vecs {
		want += len(v)
	}
	if write && s.export.ReadOnly {
		return 0, s.complain(errors.New("written although read-only"))
	}
	if off < 0 || off+int64(want) > s.Size() {
		return 0, s.complain(errOutside)
	}
	able := want
	if bad := s.export.BadSector * sectorSize; bad > 0 && off < bad+sectorSize && off+int64(want) > bad {
		able = int(max(0, bad+sectorSize/2-off))
	}
	s.copy(vecs, s.slab[guard+off:guard+off+int64(able)], write)
	if able < want {
		return able, errBad
	}
	return want, nil
}

// copy moves all of own from or to the beginning of vecs.
func (s *Store) copy(vecs [][]byte, own []byte, write bool) {
	for _, v := range vecs {
		n := 0
		if write {
			n = copy(own, v)
		} else {
			n = copy(v, own)
		}
		own = own[n:]
	}
}

// complain keeps the first trouble and returns the present one.
func (s *Store) complain(err error) error {
	if s.trouble == nil {
		s.trouble = err
	}
	return err
}

// Trouble returns what happened to the Store that should not have: an access
// outside it, or a write although it is read-only.
func (s *Store) Trouble() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.trouble != nil {
		return s.trouble
	}
	own := s.slab[guard : len(s.slab)-guard]
	if s.export.ReadOnly && !bytes.Equal(own, Content(0, Sectors)) {
		return errors.New("changed although read-only")
	}
	for i, b := range s.slab {
		if b != 0xee && (i < guard || i >= guard+len(own)) {
			return fmt.Errorf("byte %d, outside the store, was written", i-guard)
		}
	}
	return nil
}

// Bytes returns a copy of what the Store holds.
func (s *Store) Bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.slab[guard : len(s.slab)-guard])
}
