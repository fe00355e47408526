// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"context"
	"fmt"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// hangPatience is how long a test waits for what must happen, before it fails.
const hangPatience = 10 * time.Second

// gatedStore is a read-only store whose reads wait at a gate.
type gatedStore struct {
	sizedStore
	gate chan struct{}
}

// ReadAt reads nothing in particular once the gate is open.
func (s *gatedStore) ReadAt(vecs [][]byte, off int64) (n int, err error) {
	<-s.gate
	for _, v := range vecs {
		n += len(v)
	}
	return n, nil
}

// ReadOnly tells that it is.
func (s *gatedStore) ReadOnly() bool { return true }

// gatedKeeper keeps nothing, each time once it is told to.
type gatedKeeper chan struct{}

// Save waits.
func (k gatedKeeper) Save(*blade.State) error {
	<-k
	return nil
}

// logLines is a log that a test reads line by line.
type logLines chan string

// Errorf keeps a line.
func (l logLines) Errorf(format string, a ...any) { l <- fmt.Sprintf(format, a...) }

// Warnf keeps a line.
func (l logLines) Warnf(format string, a ...any) { l.Errorf(format, a...) }

// Infof keeps a line.
func (l logLines) Infof(format string, a ...any) { l.Errorf(format, a...) }

// await waits for a line.
func (l logLines) await(t *testing.T, want string) {
	t.Helper()
	select {
	case got := <-l:
		if got != want {
			t.Fatalf("logs %q; want %q", got, want)
		}
	case <-time.After(hangPatience):
		t.Fatalf("does not log %q", want)
	}
}

// hangTest is a server of e9.0, whose disk hangs, and e9.1, whose does not, that
// loses patience soon.
type hangTest struct {
	*testing.T
	*Server
	link  *frametest.Link
	gate  chan struct{}
	saves chan struct{} // one for each save of e9.2's state that may end
	lines logLines
}

// newHangTest starts the server, for the length of the test.
func newHangTest(t *testing.T) *hangTest {
	link := frametest.NewLink(1500)
	h := &hangTest{T: t, link: link, saves: make(chan struct{}), gate: make(chan struct{}), lines: make(logLines, 100)}
	h.Server = New(link.Host, h.lines)
	h.hang = hangLimits{after: 30 * time.Millisecond, look: 5 * time.Millisecond}
	bufs := make([][]byte, 64)
	for i := range bufs {
		bufs[i] = make([]byte, 2000)
	}
	p, err := h.Attach(link, bufs)
	if err != nil {
		t.Fatal(err)
	}
	open := make(chan struct{})
	close(open)
	for slot, gate := range []chan struct{}{h.gate, open} {
		store := &gatedStore{sizedStore{sectors: 100}, gate}
		if err := h.Add(blade.New(store, blade.Config{Shelf: 9, Slot: uint8(slot)}), p); err != nil {
			t.Fatal(err)
		}
	}
	kept := blade.New(&gatedStore{sizedStore{sectors: 100}, open}, blade.Config{Shelf: 9, Slot: 2, Kept: new(blade.State)})
	if err := h.AddWith(kept, Options{Keeper: gatedKeeper(h.saves)}, p); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- h.Serve(ctx, hangPatience) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return h
}

// read has a sector of an export read; the reply has its LBA for a tag.
func (h *hangTest) read(slot uint8, lba uint32) {
	f := make(aoe.Frame, aoe.MinLen)
	f.SetHeader(aoe.Version, 0, aoe.CommandATA)
	f.SetDst(frametest.Target)
	f.SetSrc(frametest.Initiator)
	f.SetTarget(9, slot)
	f.SetTag(lba)
	f.SetATARequest(0, ata.Read, 1, uint64(lba))
	h.link.Deliver(f)
}

// replies waits for replies.
func (h *hangTest) replies(tags ...uint32) {
	h.Helper()
	for _, tag := range tags {
		if !h.link.Await(func() bool { return h.link.Reply(tag) != nil }) {
			h.Fatalf("no reply with tag %d", tag)
		}
	}
}

// TestHang has requests hang, end and hang again: each time one line, of the
// oldest, and another when the last of them has ended.
func TestHang(t *testing.T) {
	h := newHangTest(t)
	for range 2 {
		h.read(0, 5)
		h.lines.await(t, "e9.0: read of 1 sector at LBA 5 has not ended for 30ms: the disk hangs")
		h.read(0, 7)
		h.read(1, 8)
		h.replies(8)
		first := h.Stats().Exports
		if e := first[0]; e.Oldest < h.hang.after || e.Oldest > hangPatience || !e.Hanging || e.InFlight != 2 {
			t.Errorf("%d requests in flight, hanging: %v, the oldest for %v", e.InFlight, e.Hanging, e.Oldest)
		}
		if e := first[1]; e.Oldest != 0 || e.Hanging {
			t.Errorf("a disk that works hangs, too: %v, for %v", e.Hanging, e.Oldest)
		}
		if later := h.Stats().Exports[0]; later.Oldest <= first[0].Oldest {
			t.Errorf("after %v the oldest is %v old", first[0].Oldest, later.Oldest)
		}
		h.gate <- struct{}{}
		h.gate <- struct{}{}
		h.replies(5, 7)
		h.lines.await(t, "e9.0: the disk goes on")
		if e := h.Stats().Exports[0]; e.Hanging || e.Oldest != 0 {
			t.Errorf("the disk still hangs: %v, for %v", e.Hanging, e.Oldest)
		}
		h.link.Forget()
	}
	if len(h.lines) > 0 {
		t.Errorf("logs more: %q", <-h.lines)
	}
}

// TestSaveHangs has a change not be kept for long, with a read behind it: one line,
// of the state and not of the disk, and another when it is kept.
func TestSaveHangs(t *testing.T) {
	h := newHangTest(t)
	for round := range uint32(2) {
		f := make(aoe.Frame, 100)
		f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
		f.SetSrc(frametest.Initiator)
		f.SetTarget(9, 2)
		f.SetTag(50 + round)
		f.SetConfigRequest(aoe.ConfigForceSet, []byte{byte(round)})
		h.link.Deliver(f)
		h.read(2, 5)
		h.lines.await(t, "e9.2: a change has not been kept for 30ms: the storage of its state hangs, and the export waits for it")
		if e := h.Stats().Exports[2]; !e.Hanging || e.InFlight != 2 {
			t.Errorf("%d requests in flight, hanging: %v", e.InFlight, e.Hanging)
		}
		h.saves <- struct{}{}
		h.replies(50+round, 5)
		h.lines.await(t, "e9.2: the storage of its state goes on")
		h.link.Forget()
	}
	if len(h.lines) > 0 {
		t.Errorf("logs more: %q", <-h.lines)
	}
}
