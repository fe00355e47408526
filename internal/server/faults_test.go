// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// TestFailuresAreLoggedOnce has requests of a bad sector and of good ones fail
// and succeed, alone and as parts of one call: one line.
func TestFailuresAreLoggedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		frames [][]byte
		want   string
	}{
		"alone":       {manyReads(30), "read of 1 sector at LBA 11: bad sector"},
		"in one call": {[][]byte{writeFrame(2, 10, 1), writeFrame(2, 12, 1), writeFrame(2, 14, 1)}, "write of 2 sectors at LBA 10: bad sector"},
		"a write":     {[][]byte{writeFrame(1, 11, 1)}, "write of 1 sector at LBA 11: bad sector"},
	} {
		for kind := range diskKinds {
			t.Run(fmt.Sprintf("%s, %v", name, kind), func(t *testing.T) {
				s := serve(t, frametest.Export{BadSector: 11}, kind)
				for range 5 {
					s.pass(numbered(c.frames)...)
				}
				s.end()
				if want := fmt.Sprintf("error: e%d.%d: %s\n", frametest.Shelf, frametest.Slot, c.want); s.log.Leveled() != want {
					t.Errorf("logs %q; want %q", s.log, want)
				}
			})
		}
	}
}

// growing is a store whose size changes when it is looked at.
type growing struct {
	*frametest.Store
	sectors atomic.Int64
	next    int64
}

// Size returns the size in bytes.
func (g *growing) Size() int64 { return g.sectors.Load() * sectorSize }

// Refresh notices the next size.
func (g *growing) Refresh() error {
	g.sectors.Store(g.next)
	return nil
}

// TestIdentifyNoticesTheSize changes the size of a disk: IDENTIFY tells the new
// one and later requests are held to it.
func TestIdentifyNoticesTheSize(t *testing.T) {
	g := &growing{Store: frametest.Export{}.NewStore(), next: 20}
	g.sectors.Store(frametest.Sectors)
	s := serveBlades(t, frametest.NewLink(1500), bufferLen, newBlade(frametest.Export{}, g))
	read := ataFrame(0x24, 1, 20, frametest.Slot)
	if f := aoe.Frame(s.ask(read)); f.ATAError() != 0 {
		t.Errorf("a read of sector 20 of 64 is answered by % x", f[:aoe.ATALen])
	}
	f := aoe.Frame(s.ask(ataFrame(0xec, 1, 0, frametest.Slot)))
	if n := binary.LittleEndian.Uint64(f[aoe.ATALen+200:]); n != 20 || f.ATAStatus() != ata.StatusReady {
		t.Errorf("IDENTIFY tells %d sectors; want 20", n)
	}
	if f = s.ask(read); f.ATAError() != ata.ErrorNotFound {
		t.Errorf("a read of sector 20 of 20 is answered by % x", f[:aoe.ATALen])
	}
	s.end()
	if want := fmt.Sprintf("info: e%d.%d: the disk has 20 sectors now, not 64\n", frametest.Shelf, frametest.Slot); s.log.Leveled() != want {
		t.Errorf("logs %q; want %q", s.log, want)
	}
}

// hung is a server over a store that hangs.
type hung struct {
	*engine
	release chan struct{}
	hangs   atomic.Bool  // calls from now on do
	calls   atomic.Int32 // that hang
}

// startHung starts a server that has so long to end and whose disk hangs until
// release is closed.
func startHung(t *testing.T, within time.Duration) *hung {
	h := &hung{release: make(chan struct{})}
	store := newSlowStore(func() time.Duration {
		if h.hangs.Load() {
			h.calls.Add(1)
			<-h.release
		}
		return 0
	})
	h.hangs.Store(true)
	link := frametest.NewLink(9000)
	h.engine = &engine{newStage(t, link.Host, 4*server.CrewSize, bufferLen, link), link, store}
	h.add(blade.New(store, blade.Config{Shelf: 9, Host: "h"}))
	h.serve(within)
	return h
}

// await waits until so many calls hang.
func (h *hung) await(calls int32) {
	h.t.Helper()
	end := time.Now().Add(patience)
	for h.calls.Load() < calls {
		if time.Now().After(end) {
			h.t.Fatalf("%d calls hang; want %d", h.calls.Load(), calls)
		}
		time.Sleep(time.Millisecond)
	}
}

// end ends the server and returns what Serve did.
func (h *hung) end() error {
	h.t.Helper()
	h.stage.end()
	return h.err
}

// identifyFrame returns an IDENTIFY.
func identifyFrame(tag uint32) []byte {
	f := aoe.Frame(transferFrame(tag, 0, 1, nil))
	f.SetATARequest(0, ata.Identify, 1, 0)
	return f
}

// TestAllWorkersHang has every worker hang, and more requests wait for them:
// what needs no disk is answered, and the rest when the disk goes on.
func TestAllWorkersHang(t *testing.T) {
	h := startHung(t, patience)
	tag := uint32(0)
	deliver := func(f []byte) {
		tag++
		aoe.Frame(f).SetTag(tag)
		h.link.Deliver(f)
	}
	const readers = 2 // of a sector, which get a worker at once
	for range 2 * readers {
		for i := range uint64(engineSectors) { // downwards, so that no two make one call
			deliver(transferFrame(0, engineSectors-1-i, 1, nil))
		}
	}
	h.await(readers * engineSectors)
	for range server.CrewSize {
		deliver(flushFrame(0))
	}
	h.await(server.CrewSize)
	power := func(tag uint32) aoe.Frame {
		f := aoe.Frame(transferFrame(tag, 0, 1, nil))
		f.SetATARequest(0, ata.CheckPower, 0, 0)
		return f
	}
	for i := range uint32(20) {
		h.link.Deliver(power(5000+i), identifyFrame(6000+i))
		h.reply(5000 + i)
		h.reply(6000 + i)
	}
	// The lead that has met the disk first may be kept, too.
	if n := h.calls.Load(); n != server.CrewSize && n != server.CrewSize+1 {
		t.Errorf("%d calls hang; want one for each of %d workers", n, server.CrewSize)
	}
	close(h.release)
	for k := uint32(1); k <= tag; k++ {
		h.reply(k)
	}
	if err := h.end(); err != nil {
		t.Error(err)
	}
}

// TestEndSyncs counts the syncs of an end: one, after every write; none of what
// is read-only; and an error of it is Serve's.
func TestEndSyncs(t *testing.T) {
	for _, c := range []struct {
		export frametest.Export
		syncs  int
		err    string
	}{
		{frametest.Export{}, 1, ""},
		{frametest.Export{ReadOnly: true}, 0, ""},
		{frametest.Export{BadFlush: true}, 1, "the last sync failed: bad sector"},
	} {
		s := serve(t, c.export, plainDisk)
		s.pass(writeFrame(1, 1, 1))
		if n := s.store.Syncs(); n != 0 {
			t.Errorf("%+v: %d syncs before the end", c.export, n)
		}
		s.end()
		if n := s.store.Syncs(); n != c.syncs {
			t.Errorf("%+v: %d syncs at the end; want %d", c.export, n, c.syncs)
		}
		if want := fmt.Sprintf("e%d.%d: %s", frametest.Shelf, frametest.Slot, c.err); c.err == "" && s.err != nil || c.err != "" && (s.err == nil || s.err.Error() != want) {
			t.Errorf("%+v: ends with %v; want %s", c.export, s.err, want)
		}
	}
}

// TestEndOfHungDisk ends a server whose disk hangs, in time, and says what was
// in flight.
func TestEndOfHungDisk(t *testing.T) {
	h := startHung(t, 200*time.Millisecond)
	defer close(h.release)
	h.link.Deliver(transferFrame(1, 9, 1, nil), transferFrame(2, 3, 2, bytes.Repeat([]byte{1}, 2*sectorSize)))
	h.await(2)
	h.link.Deliver(transferFrame(3, 4, 1, nil), flushFrame(4))
	if !h.link.Await(h.link.Drained) {
		t.Fatal("the server does not receive")
	}
	h.link.Deliver(identifyFrame(5))
	h.reply(5) // by then all of the above is in flight
	err := h.end()
	want := "4 requests not finished, the disk hangs: e9.0: flush, e9.0: write of 2 sectors at LBA 3, e9.0: read of 1 sector at LBA 4, e9.0: read of 1 sector at LBA 9; " +
		"e9.0: the last sync has not ended: what was written is not known to be on the disk"
	if err == nil || err.Error() != want {
		t.Errorf("ends with\n%v\nwant\n%s", err, want)
	}
}

// TestEndNamesAFew checks that an error does not grow with what hangs.
func TestEndNamesAFew(t *testing.T) {
	h := startHung(t, 200*time.Millisecond)
	defer close(h.release)
	h.hangs.Store(false)
	for tag := range uint32(20) { // which are finished
		h.link.Deliver(flushFrame(100 + tag))
		h.reply(100 + tag)
	}
	h.hangs.Store(true)
	for i := range uint64(10) {
		h.link.Deliver(transferFrame(uint32(1+i), 2*i, 1, nil))
	}
	h.await(10)
	err := h.end()
	if err == nil || !strings.HasPrefix(err.Error(), "10 requests not finished") || strings.Count(err.Error(), "read of") != 5 || !strings.Contains(err.Error(), "LBA 8, ...") {
		t.Errorf("ends with %v", err)
	}
}
