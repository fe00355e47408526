// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
	"vblade/test/lab"
)

// engineKind is a way for a server to wait for disks, with disks for it.
type engineKind struct {
	name  string
	rings bool
	turns bool // writes come to the disk one after the other
	disk  func(testing.TB) unruly
}

// atOnce returns how many of n calls of an operation come to a disk that hangs.
func (k engineKind) atOnce(op ata.Op, n int64) int64 {
	if k.turns && op == ata.OpWrite {
		return 1
	}
	return n
}

// engines are what the tests of order, faults, hangs, flushes and the end run on;
// a file for Linux adds to it. To choose one: go test -run /io_uring.
var engines = []engineKind{{name: "workers", disk: newMemoryDisk}, {name: "batches", turns: true, disk: newBatchDisk}}

// unruly is a disk that is slow, hangs and fails at will. It has unrulySectors,
// each filled with its number and one, as sectorsOf has them.
type unruly interface {
	// store returns the disk as a server takes it.
	store() ata.Store
	// slow makes calls take as long as is drawn for each.
	slow(draw func() time.Duration)
	// hang makes calls from now on wait for release that read or write any of n
	// sectors from first on, and no others, or all flushes.
	hang(op ata.Op, first, n int64)
	release()
	// entered returns how many calls have come to the disk.
	entered(op ata.Op) int64
	// spoil makes calls fail that read or write any of n sectors from first on.
	spoil(first, n int64)
	// content returns the bytes that the disk holds.
	content() []byte
}

// unrulySectors is the size of an unruly disk.
const unrulySectors = 256

// eachEngine runs a test on each kind of engine.
func eachEngine(t *testing.T, test func(*testing.T, engineKind)) {
	for _, kind := range engines {
		t.Run(kind.name, func(t *testing.T) { test(t, kind) })
	}
}

// trial is a server of 9.0, with an engine of some kind and an unruly disk.
type trial struct {
	*engine
	disk unruly
}

// startTrial starts a trial for the length of a test. The server has so long to end.
func startTrial(t testing.TB, kind engineKind, within time.Duration) *trial {
	t.Helper()
	disk, link := kind.disk(t), frametest.NewLink(9000)
	e := newEngine(t, link.Host, link, kind.rings, disk.store())
	e.serve(within)
	t.Cleanup(disk.release) // before the end
	return &trial{e, disk}
}

// newEngine makes an engine, with rings or without, on the disks of 9.0, 9.1 and so
// on, that does not serve yet. Its link belongs to the host. If it ends well, something
// must have gone by a ring where there are rings.
func newEngine(t testing.TB, host server.Host, link *frametest.Link, rings bool, disks ...ata.Store) *engine {
	t.Helper()
	e := &engine{stage: newStage(t, host, 0, 0), link: link}
	if rings {
		e.useRings()
	}
	e.attachPages(link, engineBuffers)
	for i, d := range disks {
		e.add(blade.New(d, blade.Config{Shelf: 9, Slot: uint8(i), Host: "h"}))
	}
	e.checkFlown(rings)
	return e
}

// checkFlown checks in the end, if it is a good one, whether something has gone by a
// ring. Call it before serve.
func (s *stage) checkFlown(want bool) {
	s.t.Cleanup(func() {
		if s.err == nil && s.server.Flown() != want {
			s.t.Errorf("something has gone by a ring: %v", !want)
		}
	})
}

// useRings has the server use io_uring, or skips the test where there is none.
func (s *stage) useRings() {
	s.t.Helper()
	if err := s.server.UseRings(); err != nil {
		lab.Skip(s.t, err.Error(), "run on a kernel with io_uring")
	}
}

// await waits until so many calls have come to the disk.
func (tr *trial) await(op ata.Op, calls int64) {
	tr.t.Helper()
	eventually(tr.t, func() bool { return tr.disk.entered(op) >= calls }, "a request does not come to the disk")
}
