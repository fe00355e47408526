// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"sync"
	"time"

	"vblade/internal/ata"
)

// slowStore is a disk in memory whose every call takes a time of its own, and
// which writes in two steps: calls that overlap show in its content.
type slowStore struct {
	delay func() time.Duration

	mu      sync.Mutex
	data    []byte
	durable []byte // as of the last Sync
}

// newSlowStore returns an empty slow store.
func newSlowStore(delay func() time.Duration) *slowStore {
	return &slowStore{
		delay:   delay,
		data:    make([]byte, engineSectors*ata.SectorSize),
		durable: make([]byte, engineSectors*ata.SectorSize),
	}
}

// Size returns the number of bytes.
func (s *slowStore) Size() int64 { return int64(len(s.data)) }

// Refresh finds nothing new.
func (s *slowStore) Refresh() error { return nil }

// ReadOnly tells that it is not.
func (s *slowStore) ReadOnly() bool { return false }

// ReadAt fills vecs, a sector at a time.
func (s *slowStore) ReadAt(vecs [][]byte, off int64) (int, error) {
	return s.transfer(vecs, off, func(own, v []byte) { copy(v, own) })
}

// WriteAt writes vecs, a sector at a time.
func (s *slowStore) WriteAt(vecs [][]byte, off int64) (int, error) {
	return s.transfer(vecs, off, func(own, v []byte) { copy(own, v) })
}

// transfer moves vecs in two steps with a delay before each.
func (s *slowStore) transfer(vecs [][]byte, off int64, move func(own, v []byte)) (int, error) {
	n := 0
	for _, v := range vecs {
		half := len(v) / 2
		for _, part := range [][]byte{v[:half], v[half:]} {
			time.Sleep(s.delay())
			s.mu.Lock()
			move(s.data[off+int64(n):], part)
			s.mu.Unlock()
			n += len(part)
		}
	}
	return n, nil
}

// Sync makes durable what was written when it began.
func (s *slowStore) Sync() error {
	s.mu.Lock()
	now := bytes.Clone(s.data)
	s.mu.Unlock()
	time.Sleep(s.delay())
	s.mu.Lock()
	copy(s.durable, now)
	s.mu.Unlock()
	return nil
}
