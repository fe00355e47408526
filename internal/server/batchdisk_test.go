// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vblade/internal/ata"
)

// batchDisk is an unruly disk in memory whose writes belong in batches.
type batchDisk struct {
	*memoryDisk
	most  int         // batches at once
	loses atomic.Bool // what is written in a batch, and its Commit fails

	mu      sync.Mutex
	batches [][]int64 // the first sectors of each call of those that were committed
}

// newBatchDisk returns an unruly disk.
func newBatchDisk(t testing.TB) unruly {
	return &batchDisk{memoryDisk: newMemoryDisk(t).(*memoryDisk), most: 2}
}

// store returns the disk.
func (d *batchDisk) store() ata.Store { return d }

// Batches returns how many are written at once.
func (d *batchDisk) Batches() int { return d.most }

// Begin begins a batch.
func (d *batchDisk) Begin() ata.Batch { return &memoryBatch{disk: d} }

// committed returns the batches so far.
func (d *batchDisk) committed() [][]int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.batches)
}

// memoryBatch is a batch of writes of a batchDisk.
type memoryBatch struct {
	disk  *batchDisk
	calls []int64
}

// Expect does nothing.
func (b *memoryBatch) Expect([][]byte, int64) {}

// WriteAt writes vecs.
func (b *memoryBatch) WriteAt(vecs [][]byte, off int64) (int, error) {
	b.calls = append(b.calls, off/sectorSize)
	if b.disk.loses.Load() {
		n := 0
		for _, v := range vecs {
			n += len(v)
		}
		return n, nil
	}
	return b.disk.WriteAt(vecs, off)
}

// Commit takes as long as any step.
func (b *memoryBatch) Commit() error {
	time.Sleep(b.disk.delay())
	if b.disk.loses.Load() {
		return syscall.EIO
	}
	b.disk.mu.Lock()
	defer b.disk.mu.Unlock()
	b.disk.batches = append(b.disk.batches, b.calls)
	return nil
}
