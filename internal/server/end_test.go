// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/test/frametest"
)

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
