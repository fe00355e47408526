// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/server"
)

// hungOnce is a fleet of one export whose first call has hung, so that its removal
// has timed out.
type hungOnce struct {
	*fleet
	store *slowStore
	hang  chan struct{} // closed to end the hang
	done  <-chan struct{}
}

// newHungOnce has a write of ones to LBA 0 hang, and removes the export.
func newHungOnce(t *testing.T) *hungOnce {
	h := &hungOnce{fleet: newFleet(t, 1, 40), hang: make(chan struct{})}
	var calls atomic.Int32
	h.store = newSlowStore(func() time.Duration {
		if calls.Add(1) == 1 {
			<-h.hang
		}
		return 0
	})
	h.add(h.blade())
	h.fleet.serve(patience)
	h.links[0].Deliver(h.write(0, 1))
	eventually(t, func() bool { return calls.Load() > 0 }, "the write does not begin")
	err := h.server.Remove(nameOf(0), 50*time.Millisecond)
	var unfinished server.UnfinishedError
	if !errors.As(err, &unfinished) {
		t.Fatalf("Remove returns %v", err)
	}
	h.done = unfinished.Done()
	return h
}

// blade returns a blade of the store.
func (h *hungOnce) blade() *blade.Blade {
	return blade.New(h.store, blade.Config{Shelf: 9, Host: "h"})
}

// write is a write of one sector of some byte.
func (h *hungOnce) write(lba uint64, b byte) aoe.Frame {
	return transferFrame(h.next(), lba, 1, bytes.Repeat([]byte{b}, sectorSize))
}

// TestAddedOverHungCalls adds an export again whose removal has timed out: what it
// writes where a call of the former hangs waits for that, and so remains.
func TestAddedOverHungCalls(t *testing.T) {
	h := newHungOnce(t)
	h.add(h.blade())
	over, beside := h.write(0, 2), h.write(5, 2)
	h.links[0].Deliver(over)
	h.ask(h.links[0], beside)
	if h.links[0].Reply(tagOf(over)) != nil {
		t.Error("a write is answered that a former one may overwrite")
	}
	close(h.hang)
	if !h.links[0].Await(func() bool { return h.links[0].Reply(tagOf(over)) != nil }) {
		t.Fatal("the write is not answered when the former one has ended")
	}
	h.store.mu.Lock()
	defer h.store.mu.Unlock()
	if want := bytes.Repeat([]byte{2}, sectorSize); !bytes.Equal(h.store.data[:sectorSize], want) {
		t.Error("the former write has overwritten the later one")
	}
}

// TestHangEnds ends the hang of a removed export: nothing of it is left.
func TestHangEnds(t *testing.T) {
	h := newHungOnce(t)
	select {
	case <-h.done:
		t.Error("Done is closed while a call hangs")
	default:
	}
	if n := h.server.Lanes(); n != 1 {
		t.Errorf("%d lanes are in use, want that of the call that hangs", n)
	}
	close(h.hang)
	select {
	case <-h.done:
	case <-time.After(patience):
		t.Fatal("Done is not closed when the hang has ended")
	}
	if n := h.server.Lanes(); n != 0 {
		t.Errorf("%d lanes are in use", n)
	}
	if err := h.server.Detach(h.ports[0]); err != nil {
		t.Error(err)
	}
}
