// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/ata"
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
