// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"sync"
	"syscall"
	"testing"
	"time"

	"vblade/internal/ata"
)

// memoryDisk is an unruly disk in memory, which writes in two steps: calls that
// overlap show in its content.
type memoryDisk struct {
	*slowStore

	mu    sync.Mutex // guards what follows
	draw  func() time.Duration
	gates [ata.Ops]memoryGate
	bad   [2]int64 // the first bad sector, and the first good one after it
}

// memoryGate is what calls pass before they take effect.
type memoryGate struct {
	calls int64
	hung  chan struct{} // closed to release; nil where nothing hangs
	where [2]int64      // the sectors that hang, as bad of a memoryDisk
}

// newMemoryDisk returns an unruly disk.
func newMemoryDisk(testing.TB) unruly {
	d := new(memoryDisk)
	d.slowStore = newSlowStore(d.delay)
	d.slowStore.data = sectorsOf(0, unrulySectors)
	d.slowStore.durable = sectorsOf(0, unrulySectors)
	return d
}

// delay returns how long a step takes.
func (d *memoryDisk) delay() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.draw == nil {
		return 0
	}
	return d.draw()
}

// store returns the disk.
func (d *memoryDisk) store() ata.Store { return d }

// slow makes each step of a call take as long as is drawn.
func (d *memoryDisk) slow(draw func() time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.draw = draw
}

// hang makes calls wait.
func (d *memoryDisk) hang(op ata.Op, first, n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g := &d.gates[op]
	if g.where = [2]int64{first, first + n}; g.hung == nil {
		g.hung = make(chan struct{})
	}
}

// release lets all calls go on.
func (d *memoryDisk) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for op := range d.gates {
		if g := &d.gates[op]; g.hung != nil {
			close(g.hung)
			g.hung = nil
		}
	}
}

// entered returns how many calls have come.
func (d *memoryDisk) entered(op ata.Op) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gates[op].calls
}

// spoil makes sectors bad.
func (d *memoryDisk) spoil(first, n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bad = [2]int64{first, first + n}
}

// content returns a copy of the bytes.
func (d *memoryDisk) content() []byte {
	d.slowStore.mu.Lock()
	defer d.slowStore.mu.Unlock()
	return bytes.Clone(d.slowStore.data)
}

// ReadAt reads what comes before a bad sector.
func (d *memoryDisk) ReadAt(vecs [][]byte, off int64) (int, error) {
	vecs, err := d.pass(ata.OpRead, vecs, off)
	n, _ := d.slowStore.ReadAt(vecs, off)
	return n, err
}

// WriteAt writes what comes before a bad sector.
func (d *memoryDisk) WriteAt(vecs [][]byte, off int64) (int, error) {
	vecs, err := d.pass(ata.OpWrite, vecs, off)
	n, _ := d.slowStore.WriteAt(vecs, off)
	return n, err
}

// Sync makes durable what was written when it began.
func (d *memoryDisk) Sync() error {
	d.pass(ata.OpFlush, nil, 0)
	return d.slowStore.Sync()
}

// pass takes a call through its gate, and returns as many of vecs as can be had.
func (d *memoryDisk) pass(op ata.Op, vecs [][]byte, off int64) ([][]byte, error) {
	first, n := off/ata.SectorSize, int64(0)
	for _, v := range vecs {
		n += int64(len(v)) / ata.SectorSize
	}
	d.mu.Lock()
	g := &d.gates[op]
	g.calls++
	hung := g.hung
	hangs := hung != nil && (op == ata.OpFlush || first < g.where[1] && g.where[0] < first+n)
	d.mu.Unlock()
	if hangs {
		<-hung
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if first >= d.bad[1] || d.bad[0] >= first+n {
		return vecs, nil
	}
	return upTo(vecs, max(0, d.bad[0]-first)*ata.SectorSize), syscall.EIO
}

// upTo returns the first n bytes of vecs.
func upTo(vecs [][]byte, n int64) (first [][]byte) {
	for _, v := range vecs {
		v = v[:min(int64(len(v)), n)]
		first, n = append(first, v), n-int64(len(v))
	}
	return first
}
