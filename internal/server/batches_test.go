// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
)

// TestBatches has writes come while one hangs that is done in a batch: reads go on,
// the writes wait, and are done in one batch, in the order of the disk.
func TestBatches(t *testing.T) {
	disk := newBatchDisk(t).(*batchDisk)
	disk.most = 1
	tr := startTrial(t, engineKind{disk: func(testing.TB) unruly { return disk }}, patience)
	tr.hangBatch()
	before := len(disk.committed())
	for _, lba := range []uint64{60, 20, 22, 40} {
		tr.link.Deliver(pairFrame(lba, true))
	}
	tr.link.Deliver(pairFrame(200, false))
	tr.checkPair(200, false)
	tr.disk.release()
	for _, lba := range []uint32{100, 110, 60, 20, 22, 40} {
		tr.checkPair(lba, true)
	}
	// A worker may have begun with one of the first two alone, which is no batch.
	got := fmt.Sprint(disk.committed()[before:])
	if got != "[[100 110] [20 40 60]]" && got != "[[20 40 60 100]]" {
		t.Errorf("the batches are of %s", got)
	}
}

// TestBatchHangs has a batch hang: another one begins beside it.
func TestBatchHangs(t *testing.T) {
	tr := startTrial(t, engineKind{disk: newBatchDisk}, patience)
	tr.hangBatch()
	tr.link.Deliver(pairFrame(20, true))
	tr.checkPair(20, true)
	if tr.link.Reply(110) != nil {
		t.Error("the write that hangs is answered")
	}
	tr.disk.release()
	tr.checkPair(100, true)
	tr.checkPair(110, true)
}

// TestBatchesOfSlowDisk writes to a disk that takes 10 ms for each write: its batches
// become so small that they take a tenth of a second, and larger when it is fast.
func TestBatchesOfSlowDisk(t *testing.T) {
	disk := newBatchDisk(t).(*batchDisk)
	disk.most = 1
	tr := startTrial(t, engineKind{disk: func(testing.TB) unruly { return disk }}, patience)
	tr.disk.slow(func() time.Duration { return 5 * time.Millisecond })
	tr.largestOf(2) // it learns
	small := tr.largestOf(1)
	if small > 10 {
		t.Errorf("a batch of %d writes", small)
	}
	tr.disk.slow(func() time.Duration { return 100 * time.Microsecond })
	large := 0
	for try := 0; large <= 2*small && try < 50; try++ { // a machine that is busy makes the disk slow, too
		large = tr.largestOf(1)
	}
	if large <= 2*small {
		t.Errorf("a batch of %d writes, after %d on a slow disk", large, small)
	}
}

// largestOf writes 48 times rounds sectors that lie apart, and returns the size of
// the largest batch.
func (tr *trial) largestOf(rounds int) int {
	tr.t.Helper()
	disk := tr.disk.(*batchDisk)
	before := len(disk.committed())
	for range rounds {
		tr.link.Forget()
		var frames [][]byte
		for lba := uint64(4); len(frames) < 48; lba += 4 {
			frames = append(frames, pairFrame(lba, true))
		}
		tr.link.Deliver(frames...)
		for lba := uint32(4); lba <= 4*48; lba += 4 {
			tr.checkPair(lba, true)
		}
	}
	largest := 0
	for _, b := range disk.committed()[before:] {
		largest = max(largest, len(b))
	}
	return largest
}

// TestBatchIsLost has a batch lose what is written, of which only its Commit tells:
// each write is done by itself before it is answered.
func TestBatchIsLost(t *testing.T) {
	disk := newBatchDisk(t).(*batchDisk)
	disk.most = 1
	tr := startTrial(t, engineKind{disk: func(testing.TB) unruly { return disk }}, patience)
	tr.hangBatch()
	tr.link.Deliver(pairFrame(60, true), pairFrame(20, true), pairFrame(22, true))
	tr.link.Deliver(pairFrame(200, false))
	tr.checkPair(200, false)
	disk.loses.Store(true)
	disk.release()
	for _, lba := range []uint32{20, 22, 60} {
		tr.checkPair(lba, true)
		tr.checkWritten(int(lba), int(lba)+2)
	}
}

// TestQueuedWritesAreDropped removes an export while a batch hangs and a write waits
// for that, and adds it again: the write does not keep its sectors from others.
func TestQueuedWritesAreDropped(t *testing.T) {
	disk := newBatchDisk(t).(*batchDisk)
	disk.most = 1
	tr := startTrial(t, engineKind{disk: func(testing.TB) unruly { return disk }}, patience)
	tr.hangBatch()
	tr.link.Deliver(pairFrame(20, true))
	tr.link.Deliver(pairFrame(200, false))
	tr.checkPair(200, false)
	if err := tr.server.Remove("e9.0", 50*time.Millisecond); !errors.As(err, new(server.UnfinishedError)) {
		t.Fatalf("Remove returns %v", err)
	}
	tr.add(blade.New(disk, blade.Config{Shelf: 9, Host: "h"}))
	tr.link.Deliver(pairFrame(20, true))
	tr.checkPair(20, true)
}

// hangBatch has a write of 110 hang that a worker does, in a batch with one of
// 100. Before, one hangs that the leader does, so that it hands over the next ones.
func (tr *trial) hangBatch() {
	tr.t.Helper()
	tr.disk.hang(ata.OpWrite, 2, 1)
	tr.link.Deliver(pairFrame(2, true), pairFrame(10, true))
	tr.checkPair(10, true)
	tr.disk.release()
	tr.checkPair(2, true)
	before := tr.disk.entered(ata.OpWrite)
	tr.disk.hang(ata.OpWrite, 110, 1)
	tr.link.Deliver(pairFrame(110, true), pairFrame(100, true))
	tr.await(ata.OpWrite, before+1)
}
