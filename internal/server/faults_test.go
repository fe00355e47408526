// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
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

// TestBadSectorsAmongMany has many requests that continue each other, which an engine
// does in few calls: those of bad sectors fail, and no others.
func TestBadSectorsAmongMany(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		tr := startTrial(t, kind, patience)
		tr.disk.spoil(101, 2)
		for _, write := range []bool{false, true} {
			tr.deliverPairs(80, 20, write)
			tr.checkPairs(80, 20, write, 100, 102)
		}
		tr.disk.spoil(0, 0)
		tr.deliverPairs(80, 20, true)
		tr.checkPairs(80, 20, true)
		tr.checkWritten(80, 120)
		if want := "error: e9.0: read of 2 sectors at LBA 100: input/output error\n"; tr.log.Leveled() != want {
			t.Errorf("logs %q; want %q", tr.log.Leveled(), want)
		}
	})
}

// TestFaultInFlight has sectors go bad while requests for them, for what is beside
// them and for others are in flight: those of bad sectors fail, and no others.
func TestFaultInFlight(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		t.Run("reads", func(t *testing.T) { testFaultInFlight(t, kind, ata.OpRead) })
		t.Run("writes", func(t *testing.T) { testFaultInFlight(t, kind, ata.OpWrite) })
	})
}

// testFaultInFlight is TestFaultInFlight with reads or writes.
func testFaultInFlight(t *testing.T, kind engineKind, op ata.Op) {
	tr, write := startTrial(t, kind, patience), op == ata.OpWrite
	before := tr.disk.entered(op)
	tr.disk.hang(op, 0, unrulySectors)
	tr.deliverPairs(80, 20, write)
	tr.deliverApart(write)
	tr.await(op, before+kind.atOnce(op, apart+1)) // one at least of the others
	tr.disk.spoil(101, 2)
	tr.disk.release()
	tr.checkPairs(80, 20, write, 100, 102)
	tr.checkApart(write)
	tr.end()
	if write {
		tr.checkWritten(80, 100)
		tr.checkWritten(104, 120)
		if got := tr.disk.content()[101*sectorSize : 103*sectorSize]; !bytes.Equal(got, sectorsOf(101, 2)) {
			t.Error("the bad sectors hold something new")
		}
	}
}

// deliverPairs delivers n requests at once of two sectors each, one behind the other
// from a sector on. The tag of each is its LBA.
func (tr *trial) deliverPairs(first uint64, n int, write bool) {
	tr.link.Forget()
	var frames [][]byte
	for lba := first; len(frames) < n; lba += 2 {
		frames = append(frames, pairFrame(lba, write))
	}
	tr.link.Deliver(frames...)
}

// written is how far from sectors those are whose content pairFrame writes to them.
const written = 50

// pairFrame reads or writes two sectors.
func pairFrame(lba uint64, write bool) []byte {
	if write {
		return transferFrame(uint32(lba), lba, 2, sectorsOf(int(lba)+written, 2))
	}
	return transferFrame(uint32(lba), lba, 2, nil)
}

// checkPairs checks that the requests of deliverPairs succeed but some, which fail.
func (tr *trial) checkPairs(first uint32, n int, write bool, bad ...uint32) {
	tr.t.Helper()
	for lba := first; lba < first+2*uint32(n); lba += 2 {
		if len(bad) == 0 || lba != bad[0] {
			tr.checkPair(lba, write)
			continue
		}
		bad = bad[1:]
		tr.link.Await(func() bool { return tr.link.Reply(lba) != nil })
		if f := aoe.Frame(tr.link.Reply(lba)); f == nil || f.ATAStatus() != ata.StatusReady|ata.StatusError || f.ATAError() != ata.ErrorAborted {
			tr.t.Errorf("the request of LBA %d, where a sector is bad: % x", lba, f)
		}
	}
}

// checkPair waits for the reply to pairFrame and checks it.
func (tr *trial) checkPair(lba uint32, write bool) {
	tr.t.Helper()
	if got := tr.reply(lba); !write && !bytes.Equal(got[aoe.ATALen:], sectorsOf(int(lba), 2)) {
		tr.t.Errorf("the read of LBA %d returns other data", lba)
	}
}

// checkWritten checks that sectors, from one on and up to another, hold what pairFrame
// writes.
func (tr *trial) checkWritten(from, to int) {
	tr.t.Helper()
	if got := tr.disk.content()[from*sectorSize : to*sectorSize]; !bytes.Equal(got, sectorsOf(from+written, to-from)) {
		tr.t.Errorf("sectors %d to %d do not hold what was written", from, to-1)
	}
}

// The requests of deliverApart: how many, and the LBA of the first and of each next
// one from the last.
const (
	apart     = 16
	apartStep = 4
)

// deliverApart delivers requests at once, no two of which continue each other.
func (tr *trial) deliverApart(write bool) {
	var frames [][]byte
	for lba := uint64(apartStep); len(frames) < apart; lba += apartStep {
		frames = append(frames, pairFrame(lba, write))
	}
	tr.link.Deliver(frames...)
}

// checkApart checks that the requests of deliverApart succeed.
func (tr *trial) checkApart(write bool) {
	tr.t.Helper()
	for lba := uint32(apartStep); lba <= apart*apartStep; lba += apartStep {
		tr.checkPair(lba, write)
	}
}
