// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/server"
	"vblade/test/frametest"
)

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

// hangReads has the disk hang with the reads of deliverApart in flight.
func (tr *trial) hangReads() {
	tr.t.Helper()
	before := tr.disk.entered(ata.OpRead)
	tr.disk.hang(ata.OpRead, 0, unrulySectors)
	tr.deliverApart(false)
	tr.await(ata.OpRead, before+apart)
}

// identifyFrame returns an IDENTIFY.
func identifyFrame(tag uint32) []byte {
	f := aoe.Frame(transferFrame(tag, 0, 1, nil))
	f.SetATARequest(0, ata.Identify, 1, 0)
	return f
}

// powerFrame returns a CHECK POWER MODE.
func powerFrame(tag uint32) []byte {
	f := aoe.Frame(transferFrame(tag, 0, 1, nil))
	f.SetATARequest(0, ata.CheckPower, 0, 0)
	return f
}

// TestAllHang has more requests hang than there are workers, and flushes wait for
// some, too: what needs no disk is answered, and the rest when the disk goes on.
func TestAllHang(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		const reads = 75 // no two make one call
		tr := startTrial(t, kind, patience)
		before := tr.disk.entered(ata.OpRead)
		tr.disk.hang(ata.OpRead, 0, unrulySectors)
		tr.disk.hang(ata.OpFlush, 0, 0)
		for i := range uint32(reads) {
			tr.link.Deliver(transferFrame(1+i, uint64(3*i), 1, nil))
		}
		least, most := int64(reads), int64(reads)
		if !kind.rings { // the lead that has met the disk first may be kept, too
			least, most = server.CrewSize, server.CrewSize+1
		}
		tr.await(ata.OpRead, before+least)
		tr.link.Deliver(flushFrame(1001), flushFrame(1002))
		for i := range uint32(20) {
			tr.link.Deliver(powerFrame(5000+i), identifyFrame(6000+i))
			tr.reply(5000 + i)
			tr.reply(6000 + i)
		}
		if n := tr.disk.entered(ata.OpRead) - before; n > most {
			t.Errorf("%d calls hang; want at most %d", n, most)
		}
		tr.disk.release()
		for tag := uint32(1); tag <= reads; tag++ {
			tr.reply(tag)
		}
		tr.reply(1001)
		tr.reply(1002)
		tr.end()
		if tr.err != nil {
			t.Error(tr.err)
		}
	})
}

// TestHang has requests hang, end and hang again: each time one line, of the oldest,
// and another when the last of them has ended. Of another disk, which works, nothing.
func TestHang(t *testing.T) {
	const after = 200 * time.Millisecond
	eachEngine(t, func(t *testing.T, kind engineKind) {
		disk, other, link := kind.disk(t), newMemoryDisk(t), frametest.NewLink(9000)
		e := newEngine(t, link.Host, link, kind.rings, disk.store(), other.store())
		e.server.LosePatienceAfter(after, after/10)
		e.serve(patience)
		t.Cleanup(disk.release)
		want := ""
		logs := func(lines string) {
			t.Helper()
			want += lines
			eventually(t, func() bool { return len(e.log.Leveled()) >= len(want) }, "it does not log")
			if e.log.Leveled() != want {
				t.Fatalf("logs\n%swant\n%s", e.log.Leveled(), want)
			}
		}
		for range 2 {
			disk.hang(ata.OpRead, 0, unrulySectors)
			link.Deliver(transferFrame(5, 5, 1, nil))
			logs("error: e9.0: read of 1 sector at LBA 5 has not ended for 200ms: the disk hangs\n")
			link.Deliver(transferFrame(7, 7, 1, nil), transferFrame(9, 9, 1, nil))
			e.toOther(transferFrame(8, 8, 1, nil))
			first := e.server.Stats().Exports
			if e := first[0]; e.Oldest < after || e.Oldest > patience || !e.Hanging || e.InFlight != 3 {
				t.Errorf("%d requests in flight, hanging: %v, the oldest for %v", e.InFlight, e.Hanging, e.Oldest)
			}
			if e := first[1]; e.Oldest != 0 || e.Hanging {
				t.Errorf("a disk that works hangs, too: %v, for %v", e.Hanging, e.Oldest)
			}
			if later := e.server.Stats().Exports[0]; later.Oldest <= first[0].Oldest {
				t.Errorf("after %v the oldest is %v old", first[0].Oldest, later.Oldest)
			}
			disk.release()
			e.reply(5)
			e.reply(7)
			e.reply(9)
			logs("info: e9.0: the disk goes on\n")
			if e := e.server.Stats().Exports[0]; e.Hanging || e.Oldest != 0 {
				t.Errorf("the disk still hangs: %v, for %v", e.Hanging, e.Oldest)
			}
			link.Forget()
		}
	})
}

// toOther has a request of 9.0 be of 9.1, and waits for its reply.
func (e *engine) toOther(frame []byte) {
	e.t.Helper()
	f := aoe.Frame(frame)
	f.SetTarget(9, 1)
	e.link.Deliver(f)
	e.reply(f.Tag())
}

// TestEndInFlight ends a server while requests are in flight: all are answered, and
// the disk is synced once.
func TestEndInFlight(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		tr := startTrial(t, kind, patience)
		flushes := tr.disk.entered(ata.OpFlush)
		tr.hangReads()
		tr.stop()
		eventually(t, tr.server.Ending, "it does not begin to end")
		tr.disk.release()
		tr.end()
		if tr.err != nil {
			t.Error(tr.err)
		}
		tr.checkApart(false)
		if n := tr.disk.entered(ata.OpFlush) - flushes; n != 1 {
			t.Errorf("the disk is synced %d times", n)
		}
	})
}

// TestEndOfHungDisk ends a server whose disk hangs, in time, and says what was
// in flight.
func TestEndOfHungDisk(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		tr := startTrial(t, kind, 200*time.Millisecond)
		for _, op := range []ata.Op{ata.OpRead, ata.OpWrite, ata.OpFlush} {
			tr.disk.hang(op, 0, unrulySectors)
		}
		reads := tr.disk.entered(ata.OpRead)
		tr.link.Deliver(transferFrame(1, 9, 1, nil), transferFrame(2, 3, 2, sectorsOf(3, 2)))
		tr.await(ata.OpRead, reads+1)
		tr.await(ata.OpWrite, 1)
		tr.link.Deliver(transferFrame(3, 4, 1, nil), flushFrame(4))
		if !tr.link.Await(tr.link.Drained) {
			t.Fatal("the server does not receive")
		}
		tr.link.Deliver(identifyFrame(5))
		tr.reply(5) // by then all of the above is in flight
		tr.end()
		want := "4 requests not finished, the disk hangs: e9.0: flush, e9.0: write of 2 sectors at LBA 3, e9.0: read of 1 sector at LBA 4, e9.0: read of 1 sector at LBA 9; " +
			"e9.0: the last sync has not ended: what was written is not known to be on the disk"
		if tr.err == nil || tr.err.Error() != want {
			t.Errorf("ends with\n%v\nwant\n%s", tr.err, want)
		}
	})
}

// TestEndNamesAFew checks that an error does not grow with what hangs.
func TestEndNamesAFew(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		tr := startTrial(t, kind, 200*time.Millisecond)
		for tag := range uint32(20) { // which are finished
			tr.link.Deliver(flushFrame(100 + tag))
			tr.reply(100 + tag)
		}
		tr.hangReads()
		tr.disk.hang(ata.OpFlush, 0, 0)
		tr.end()
		if tr.err == nil || !strings.HasPrefix(tr.err.Error(), "16 requests not finished") || strings.Count(tr.err.Error(), "read of") != 5 || !strings.Contains(tr.err.Error(), "LBA 20, ...") {
			t.Errorf("ends with %v", tr.err)
		}
	})
}
