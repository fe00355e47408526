// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/server"
	"vblade/internal/stats"
	"vblade/test/frametest"
)

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
			e.awaitIdle(1)
			first := e.server.Stats().Exports
			if e := first[0]; e.Oldest < after || e.Oldest > patience || !e.Hanging || e.InFlight != 3 {
				t.Errorf("%d requests in flight, hanging: %v, the oldest for %v", e.InFlight, e.Hanging, e.Oldest)
			}
			if later := e.server.Stats().Exports[0]; later.Oldest <= first[0].Oldest {
				t.Errorf("after %v the oldest is %v old", first[0].Oldest, later.Oldest)
			}
			disk.release()
			e.reply(5)
			e.reply(7)
			e.reply(9)
			logs("info: e9.0: the disk goes on\n")
			e.awaitIdle(0)
			link.Forget()
		}
	})
}

// awaitIdle waits until the i-th export has nothing in flight, which is soon after the
// last reply, and checks that its disk does not count as hanging.
func (e *engine) awaitIdle(i int) {
	e.t.Helper()
	var of stats.Export
	eventually(e.t, func() bool {
		of = e.server.Stats().Exports[i]
		return of.Oldest == 0
	}, "a request stays in flight")
	if of.Hanging {
		e.t.Errorf("the disk of %s, which has nothing to do, hangs", nameOf(i))
	}
}

// toOther has a request of 9.0 be of 9.1, and waits for its reply.
func (e *engine) toOther(frame []byte) {
	e.t.Helper()
	f := aoe.Frame(frame)
	f.SetTarget(9, 1)
	e.link.Deliver(f)
	e.reply(f.Tag())
}
