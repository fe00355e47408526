// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"sync/atomic"
	"syscall"
	"testing"

	"vblade/internal/ata"
	"vblade/internal/blade"
)

// freezing is a batchDisk whose writes of LBA 20 in a batch end with the server frozen.
type freezing struct {
	*batchDisk
	freeze func()
}

// freezingBatch is a batch of it.
type freezingBatch struct {
	ata.Batch
	disk *freezing
}

// store returns the disk.
func (d *freezing) store() ata.Store { return d }

// Begin begins a batch.
func (d *freezing) Begin() ata.Batch { return freezingBatch{d.batchDisk.Begin(), d} }

// WriteAt writes vecs.
func (b freezingBatch) WriteAt(vecs [][]byte, off int64) (int, error) {
	n, err := b.Batch.WriteAt(vecs, off)
	if off == 20*sectorSize {
		b.disk.freeze()
	}
	return n, err
}

// TestFreezeInBatch freezes a server between two calls of a batch: the second is not
// made, and no write of the batch is answered.
func TestFreezeInBatch(t *testing.T) {
	disk := &freezing{batchDisk: newBatchDisk(t).(*batchDisk)}
	disk.most = 1
	tr := startTrial(t, engineKind{disk: func(testing.TB) unruly { return disk }}, patience)
	disk.freeze = tr.server.Freeze
	tr.hangBatch()
	tr.link.Deliver(pairFrame(20, true), pairFrame(40, true))
	tr.link.Deliver(pairFrame(200, false))
	tr.checkPair(200, false)
	before := bytes.Clone(tr.disk.content()[40*sectorSize:])
	tr.disk.release()
	// A worker may have begun with one of the first two alone: then the other is dropped, too.
	eventually(t, func() bool { return tr.server.Stats().Links[0].Stale >= 2 }, "the writes are not dropped")
	if got := tr.disk.content()[40*sectorSize:][:sectorSize]; !bytes.Equal(got, before[:sectorSize]) {
		t.Error("what came before a freeze is written after it")
	}
	if tr.link.Reply(20) != nil || tr.link.Reply(40) != nil {
		t.Error("a write of the batch is answered")
	}
}

// failing is a disk whose first write fails, with the server frozen then.
type failing struct {
	*slowStore
	freeze func()
	writes atomic.Int32
}

// WriteAt fails, or writes vecs.
func (s *failing) WriteAt(vecs [][]byte, off int64) (int, error) {
	if s.writes.Add(1) == 1 {
		s.freeze()
		return 0, syscall.EIO
	}
	return s.slowStore.WriteAt(vecs, off)
}

// TestFreezeBeforeRepeat has one call for two writes fail, with the server frozen then:
// none of them is repeated by itself.
func TestFreezeBeforeRepeat(t *testing.T) {
	f, disk := newFleet(t, 1, 64), &failing{slowStore: newSlowStore(atOnce)}
	disk.freeze = f.server.Freeze
	shelf, slot := addressOf(0)
	f.add(blade.New(disk, blade.Config{Shelf: shelf, Slot: slot}))
	f.serve(patience)
	data := make([]byte, sectorSize)
	f.links[0].Deliver(transferFrame(1, 5, 1, data), transferFrame(2, 6, 1, data))
	eventually(t, func() bool { return f.server.Stats().Links[0].Stale == 2 }, "the writes are not dropped")
	f.settled()
	if n := disk.writes.Load(); n != 1 {
		t.Errorf("%d calls come to the disk, want the one that fails", n)
	}
	if f.links[0].Reply(1) != nil || f.links[0].Reply(2) != nil {
		t.Error("a write is answered")
	}
}
