// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// TestOldFrames has frames be received that have waited for more than a second among
// others that have not, or of which nobody knows: the old ones are dropped and counted.
func TestOldFrames(t *testing.T) {
	s := serve(t, frametest.Export{}, plainDisk)
	now := time.Now().UnixNano()
	late := now - int64(server.Forgiven)
	for tag, stamp := range map[uint32]int64{1: late - 5e9, 2: late - 15e8, 3: now, 4: 0, 5: now + 36e11} {
		s.link.DeliverAt(stamp, tagged(writeFrame(1, uint64(tag), 0xaa), tag))
	}
	s.pass()
	for tag, want := range map[uint32]bool{1: false, 2: false, 3: true, 4: true, 5: true} {
		written := bytes.Equal(s.store.Bytes()[tag*sectorSize:(tag+1)*sectorSize], bytes.Repeat([]byte{0xaa}, sectorSize))
		if got := s.link.Reply(tag) != nil; got != want || written != want {
			t.Errorf("frame %d is answered: %v, written: %v; want %v", tag, got, written, want)
		}
	}
	if n := s.server.Stats().Links[0].Stale; n != 2 {
		t.Errorf("%d frames are counted as too old; want 2", n)
	}
}

// TestFreeze freezes a server while a write is being done, and another of the same
// sector waits for it: the one takes effect, the other does not. One that comes later
// does, and so does one that has only waited.
func TestFreeze(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		tr := startTrial(t, kind, patience)
		inFlight := func(n int64) {
			t.Helper()
			eventually(t, func() bool { return tr.server.Stats().Exports[0].InFlight == n }, "other requests are in flight")
		}
		writes := tr.disk.entered(ata.OpWrite)
		tr.disk.hang(ata.OpWrite, 5, 1)
		tr.link.Deliver(transferFrame(1, 5, 1, sectorsOf(101, 1)), transferFrame(4, 9, 1, sectorsOf(104, 1)))
		tr.reply(4)
		tr.await(ata.OpWrite, writes+2)
		tr.link.Deliver(transferFrame(2, 5, 1, sectorsOf(102, 1)), transferFrame(3, 7, 1, sectorsOf(103, 1)))
		tr.reply(3)
		inFlight(2)
		tr.server.Freeze()
		tr.disk.release()
		tr.reply(1)
		inFlight(0)
		if tr.link.Reply(2) != nil {
			t.Error("a write that had waited in a freeze is answered")
		}
		if got := tr.disk.content()[5*sectorSize : 6*sectorSize]; !bytes.Equal(got, sectorsOf(101, 1)) {
			t.Errorf("the sector holds the data of write %d", got[0]-101)
		}
		if n := tr.server.Stats().Links[0].Stale; n != 1 {
			t.Errorf("%d requests are counted as too old; want 1", n)
		}
		tr.link.Deliver(transferFrame(5, 5, 1, sectorsOf(105, 1)))
		tr.reply(5)
	})
}
