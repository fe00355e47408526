// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// sizedDisk is a store of a size that a test sets, and whose size can hang.
type sizedDisk struct {
	*frametest.Store
	known, real atomic.Int64
	gate        atomic.Pointer[chan struct{}]
	looks       atomic.Int64
	looked      chan struct{} // one of them has begun
}

// newSizedDisk returns a store of so many sectors.
func newSizedDisk(sectors int64) *sizedDisk {
	d := &sizedDisk{Store: frametest.Export{}.NewStore(), looked: make(chan struct{}, 1)}
	d.known.Store(sectors)
	d.real.Store(sectors)
	return d
}

// hang has Refresh wait until the function that it returns is called.
func (d *sizedDisk) hang() (release func()) {
	gate := make(chan struct{})
	d.gate.Store(&gate)
	return func() { close(gate) }
}

// Size returns the size in bytes that is known.
func (d *sizedDisk) Size() int64 { return d.known.Load() * sectorSize }

// Refresh finds out the size.
func (d *sizedDisk) Refresh() error {
	d.looks.Add(1)
	select {
	case d.looked <- struct{}{}:
	default:
	}
	if gate := d.gate.Load(); gate != nil {
		<-*gate
	}
	d.known.Store(d.real.Load())
	return nil
}

// serveSized serves disks as e9.0, e9.1 and so on, the size of each of which is
// looked at all the time, with so long to end.
func serveSized(t *testing.T, within time.Duration, disks ...*sizedDisk) *session {
	link := frametest.NewLink(1500)
	s := &session{stage: newStage(t, link.Host, buffers, bufferLen, link), link: link}
	s.server.LookAtSizesEvery(time.Millisecond)
	for slot, d := range disks {
		s.add(blade.New(d, blade.Config{Shelf: 9, Slot: uint8(slot)}))
	}
	s.serve(within)
	return s
}

// awaitAdvertised waits until e9.slot was advertised so often since the link forgot.
func (s *session) awaitAdvertised(slot uint8, times int) {
	s.t.Helper()
	if !s.link.Await(func() bool { return s.advertised(slot) >= times }) {
		s.t.Fatalf("e9.%d is advertised %d times; want %d", slot, s.advertised(slot), times)
	}
}

// advertised is how often e9.slot was advertised since the link forgot.
func (s *session) advertised(slot uint8) (n int) {
	for _, f := range s.link.Replies() {
		if f := aoe.Frame(f); f.Command() == aoe.CommandConfig && f.Tag() == 0 && f.Slot() == slot {
			n++
		}
	}
	return n
}

// TestSizeIsNoticed has a disk grow and shrink that nobody uses, beside others, and
// beside one whose size cannot be found out because it hangs: each change is logged
// and advertised, once, and nothing else is.
func TestSizeIsNoticed(t *testing.T) {
	const count = 70 // more than are looked at in one go
	disks := make([]*sizedDisk, count)
	for i := range disks {
		disks[i] = newSizedDisk(64)
	}
	release := disks[0].hang()
	s := serveSized(t, patience, disks...)
	s.awaitAdvertised(count-1, 1)
	want := ""
	before := int64(64)
	for _, sectors := range []int64{200, 10, 0, 64} {
		s.link.Forget()
		disks[count-1].real.Store(sectors)
		s.awaitAdvertised(count-1, 1)
		want += fmt.Sprintf("info: e9.%d: the disk has %d sectors now, not %d\n", count-1, sectors, before)
		before = sectors
	}
	if got := s.log.Leveled(); got != want {
		t.Errorf("logs\n%swant\n%s", got, want)
	}
	if n := len(s.link.Replies()); n != 1 {
		t.Errorf("%d frames tell of the last change; want 1", n)
	}
	if n := disks[0].looks.Load(); n != 1 {
		t.Errorf("%d calls hang with one disk; want 1", n)
	}
	release()
	s.end()
}

// TestSizeHangsAtTheEnd removes an export, and ends the server, while the size of
// disks is being found out: both say so, and nobody looks once a disk is removed.
func TestSizeHangsAtTheEnd(t *testing.T) {
	disks := []*sizedDisk{newSizedDisk(64), newSizedDisk(64), newSizedDisk(64)}
	for _, d := range disks[:2] {
		defer d.hang()()
	}
	s := serveSized(t, 40*time.Millisecond, disks...)
	for _, d := range disks {
		select {
		case <-d.looked:
		case <-time.After(patience):
			t.Fatal("nobody looks at the size of a disk")
		}
	}
	const hangs = ": its size is still being found out: the disk hangs"
	if err := s.server.Remove("e9.0", time.Millisecond); err == nil || !strings.HasPrefix(err.Error(), "e9.0"+hangs) {
		t.Errorf("remove says %v", err)
	}
	if err := s.server.Remove("e9.2", patience); err != nil {
		t.Error(err)
	}
	looks := disks[2].looks.Load()
	s.stop()
	<-s.ended
	if s.err == nil || !strings.Contains(s.err.Error(), "e9.1"+hangs) {
		t.Errorf("the end says %v", s.err)
	}
	if n := disks[2].looks.Load(); n != looks {
		t.Errorf("a disk was looked at %d times after it was removed", n-looks)
	}
}
