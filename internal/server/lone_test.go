// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"vblade/internal/blade"
	"vblade/test/frametest"
)

// loneStore is a disk in memory that counts who reads.
type loneStore struct {
	*slowStore
	inPlace atomic.Int64 // calls of ReadAt by a leader
}

// ReadAt reads, and notes whether a leader does.
func (s *loneStore) ReadAt(vecs [][]byte, off int64) (int, error) {
	stack := make([]byte, 1<<14)
	if bytes.Contains(stack[:runtime.Stack(stack, false)], []byte("performInPlace")) {
		s.inPlace.Add(1)
	}
	return s.slowStore.ReadAt(vecs, off)
}

// TestLongLoneCall has a lone call take longer than the leader may be blocked,
// but end before the watch looks: the next ones are done by others.
func TestLongLoneCall(t *testing.T) {
	store := &loneStore{slowStore: newSlowStore(func() time.Duration { return 8 * time.Millisecond })} // twice
	link := frametest.NewLink(1500)
	s := newStage(t, link.Host, buffers, bufferLen, link)
	s.add(blade.New(store, blade.Config{Shelf: 9}))
	s.serve(patience)
	const reads = 5
	for tag := uint32(1); tag <= reads; tag++ {
		link.Deliver(transferFrame(tag, 0, 1, nil))
		if !link.Await(func() bool { return link.Reply(tag) != nil }) {
			t.Fatal("not answered")
		}
	}
	if n := store.inPlace.Load(); n != 1 {
		t.Errorf("the leader has done %d of %d reads; want 1", n, reads)
	}
}
