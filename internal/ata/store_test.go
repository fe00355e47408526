// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"vblade/internal/ata"
	"vblade/test/frametest"
)

// storeSize is the size of the stores that pass the suite, in bytes.
const storeSize = frametest.Sectors * ata.SectorSize

// TestMemoryStore runs the suite on the Store in memory that other tests use.
func TestMemoryStore(t *testing.T) {
	testStore(t, func(*testing.T) ata.Store { return frametest.Export{}.NewStore() })
}

// testStore is what every Store must pass. Each call of open returns a new one
// that can be written and holds what a frametest.Store does.
func testStore(t *testing.T, open func(*testing.T) ata.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, ata.Store)
	}{
		{"says its size", testSize},
		{"reads what it holds", testReads},
		{"keeps what is written, and the rest", testWrites},
		{"goes through vectors of any length", testVectors},
		{"takes more vectors than one system call", testManyVectors},
		{"is used by several at once", testAtOnce},
		{"syncs", func(t *testing.T, s ata.Store) { noError(t, s.Sync()) }},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// noError ends the test with an error.
func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// readAll reads n bytes of s from off on.
func readAll(t *testing.T, s ata.Store, off int64, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	got, err := s.ReadAt([][]byte{b}, off)
	if got != n || err != nil {
		t.Fatalf("read %d bytes at %d: %d, %v", n, off, got, err)
	}
	return b
}

// write writes vecs at off, all of them.
func write(t *testing.T, s ata.Store, off int64, vecs ...[]byte) {
	t.Helper()
	want := len(bytes.Join(vecs, nil))
	n, err := s.WriteAt(vecs, off)
	if n != want || err != nil {
		t.Fatalf("write %d bytes at %d: %d, %v", want, off, n, err)
	}
}

// holds checks that s holds want at off.
func holds(t *testing.T, s ata.Store, off int64, want []byte) {
	t.Helper()
	got := readAll(t, s, off, len(want))
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("byte %d is %#x; want %#x", off+int64(i), got[i], want[i])
		}
	}
}

// pattern returns n bytes that differ from their neighbours and with seed.
func pattern(n int, seed byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*5+i/256) ^ seed
	}
	return b
}

// testSize checks what a Store says of itself.
func testSize(t *testing.T, s ata.Store) {
	if s.Size() != storeSize {
		t.Errorf("the size is %d; want %d", s.Size(), storeSize)
	}
	if s.ReadOnly() {
		t.Error("it is read-only")
	}
}

// testReads reads all of it, its first sector and its last.
func testReads(t *testing.T, s ata.Store) {
	want := frametest.Content(0, frametest.Sectors)
	holds(t, s, 0, want)
	holds(t, s, 0, want[:ata.SectorSize])
	holds(t, s, storeSize-ata.SectorSize, want[storeSize-ata.SectorSize:])
}

// testWrites writes here and there and compares all of it.
func testWrites(t *testing.T, s ata.Store) {
	want := frametest.Content(0, frametest.Sectors)
	for i, c := range []struct{ lba, n int }{{0, 1}, {63, 1}, {10, 17}, {12, 2}, {30, 1}} {
		data := pattern(c.n*ata.SectorSize, byte(0x40+i))
		write(t, s, int64(c.lba)*ata.SectorSize, data)
		copy(want[c.lba*ata.SectorSize:], data)
		holds(t, s, 0, want)
	}
}

// testVectors writes and reads through vectors that are no sectors.
func testVectors(t *testing.T, s ata.Store) {
	const off = 3 * ata.SectorSize
	data := pattern(4*ata.SectorSize, 0x80)
	write(t, s, off, data[:1], data[1:512], data[512:1500], data[1500:])
	got := make([]byte, len(data))
	n, err := s.ReadAt([][]byte{got[:700], got[700:701], got[701:]}, off)
	if n != len(got) || err != nil || !bytes.Equal(got, data) {
		t.Errorf("read %d bytes, %v, in three vectors; equal is %v", n, err, bytes.Equal(got, data))
	}
	holds(t, s, off-ata.SectorSize, frametest.Content(2, 1))
	holds(t, s, off+int64(len(data)), frametest.Content(7, 1))
}

// testManyVectors writes and reads through counts of vectors around what a
// system call takes.
func testManyVectors(t *testing.T, s ata.Store) {
	for i, n := range []int{1, 2, 63, 64, 65, 127, 128, 129, 300} {
		const each = 64
		data := pattern(n*each, byte(i))
		var out, in [][]byte
		got := make([]byte, len(data))
		for k := 0; k < len(data); k += each {
			out, in = append(out, data[k:k+each]), append(in, got[k:k+each])
		}
		write(t, s, ata.SectorSize, out...)
		if m, err := s.ReadAt(in, ata.SectorSize); m != len(got) || err != nil {
			t.Errorf("read %d vectors: %d bytes, %v", n, m, err)
		}
		if !bytes.Equal(got, data) {
			t.Errorf("%d vectors do not come back", n)
		}
	}
}

// testAtOnce has several goroutines write and read sectors of their own.
func testAtOnce(t *testing.T, s ata.Store) {
	const users, each = 8, frametest.Sectors / 8
	errs := make(chan error, users)
	var all sync.WaitGroup
	for u := range users {
		all.Add(1)
		go func() {
			defer all.Done()
			errs <- useAlone(s, u*each*ata.SectorSize, each*ata.SectorSize)
		}()
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

// useAlone writes and reads n bytes from off on, which nobody else touches.
func useAlone(s ata.Store, off, n int) error {
	for round := range 20 {
		data, got := pattern(n, byte(off/n+8*round)), make([]byte, n)
		if _, err := s.WriteAt([][]byte{data[:n/2], data[n/2:]}, int64(off)); err != nil {
			return err
		}
		if _, err := s.ReadAt([][]byte{got}, int64(off)); err != nil {
			return err
		}
		if !bytes.Equal(got, data) {
			return fmt.Errorf("round %d: what was written at %d does not come back", round, off)
		}
	}
	return nil
}
