// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
)

// hungOnce is a fleet of one export of which a write hangs, so that its removal has
// timed out.
type hungOnce struct {
	*fleet
	disk unruly
	done <-chan struct{}
}

// newHungOnce has a write of ones to LBA 0 hang, and removes the export.
func newHungOnce(t *testing.T, kind engineKind) *hungOnce {
	f, disk := unrulyFleet(t, kind, 1, 40, 1)
	h := &hungOnce{fleet: f, disk: disk}
	writes := disk.entered(ata.OpWrite)
	disk.hang(ata.OpWrite, 0, 1)
	first, beside := h.write(0, 1), h.write(9, 1) // two, so that both are handed over
	h.links[0].Deliver(first, beside)
	eventually(t, func() bool { return disk.entered(ata.OpWrite) == writes+2 }, "the writes do not begin")
	disk.hang(ata.OpWrite, 0, 0) // later ones pass
	err := h.server.Remove(nameOf(0), 50*time.Millisecond)
	var unfinished server.UnfinishedError
	if !errors.As(err, &unfinished) {
		t.Fatalf("Remove returns %v", err)
	}
	h.done = unfinished.Done()
	return h
}

// write is a write of one sector of some byte.
func (h *hungOnce) write(lba uint64, b byte) aoe.Frame {
	return transferFrame(h.next(), lba, 1, bytes.Repeat([]byte{b}, sectorSize))
}

// TestAddedOverHungCalls adds an export again whose removal has timed out: what it
// writes where a call of the former hangs waits for that, and so remains.
func TestAddedOverHungCalls(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		h := newHungOnce(t, kind)
		h.add(blade.New(h.disk.store(), blade.Config{Shelf: 9, Host: "h"}))
		over, beside := h.write(0, 2), h.write(5, 2)
		h.links[0].Deliver(over)
		h.ask(h.links[0], beside)
		if h.links[0].Reply(tagOf(over)) != nil {
			t.Error("a write is answered that a former one may overwrite")
		}
		h.disk.release()
		if !h.links[0].Await(func() bool { return h.links[0].Reply(tagOf(over)) != nil }) {
			t.Fatal("the write is not answered when the former one has ended")
		}
		if !bytes.HasPrefix(h.disk.content(), bytes.Repeat([]byte{2}, sectorSize)) {
			t.Error("the former write has overwritten the later one")
		}
	})
}

// TestRemovedOverHungCalls adds an export again whose removal has timed out, and
// removes it again: the error says that another process must not serve its disk,
// until the calls of the former have ended.
func TestRemovedOverHungCalls(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		h := newHungOnce(t, kind)
		again := func() error {
			h.add(blade.New(h.disk.store(), blade.Config{Shelf: 9, Host: "h"}))
			h.ask(h.links[0], h.write(5, 2))
			return h.server.Remove(nameOf(0), patience)
		}
		err := again()
		if err == nil || !strings.Contains(err.Error(), "calls of e9.0, which was removed before, have not ended") || errors.As(err, new(server.UnfinishedError)) {
			t.Errorf("Remove returns %v", err)
		}
		h.disk.release()
		<-h.done
		if err := again(); err != nil {
			t.Error(err)
		}
	})
}

// TestHangEnds ends the hang of a removed export: nothing of it is left.
func TestHangEnds(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		h := newHungOnce(t, kind)
		select {
		case <-h.done:
			t.Error("Done is closed while a call hangs")
		default:
		}
		if n := h.server.Lanes(); n != 1 {
			t.Errorf("%d lanes are in use, want that of the call that hangs", n)
		}
		h.disk.release()
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
	})
}
