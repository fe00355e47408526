// SPDX-License-Identifier: GPL-2.0-only

package statefile

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/blade"
)

// sectorSize is what a disk writes at once, in bytes.
const sectorSize = 512

// of is the export of these tests.
var of = aoe.Address{Shelf: 9, Slot: 3}

// randomState returns a state of any size.
func randomState(t testing.TB, random *rand.Rand) *blade.State {
	list := func(most int) []aoe.MAC {
		macs := make([]aoe.MAC, random.IntN(most+1))
		for i := range macs {
			macs[i] = aoe.MAC{2, byte(i >> 8), byte(i), byte(random.Uint32())}
		}
		return macs
	}
	config := make([]byte, random.IntN(aoe.MaxConfigString+1))
	for i := range config {
		config[i] = byte(random.Uint32())
	}
	masked := random.IntN(2) == 1
	masks := list(blade.MaxMasks)
	if !masked {
		masks = nil
	}
	s, err := blade.NewState(config, masked, masks, list(aoe.MaxReservations))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// longest returns the state that fills a record most.
func longest(t testing.TB) *blade.State {
	masks, reservation := make([]aoe.MAC, blade.MaxMasks), make([]aoe.MAC, aoe.MaxReservations)
	for i := range masks {
		masks[i] = aoe.MAC{byte(i), 1}
	}
	s, err := blade.NewState(bytes.Repeat([]byte("x"), aoe.MaxConfigString), true, masks, reservation)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestRecord has states of all sizes read as they were written, and no byte of a
// record changed unnoticed.
func TestRecord(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	states := []*blade.State{{}, longest(t)}
	for range 50 {
		states = append(states, randomState(t, random))
	}
	for i, s := range states {
		b := encode(of, 1<<40+uint64(i), s)
		got, generation, err := decode(b, of)
		if err != nil || *got != *s || generation != 1<<40+uint64(i) {
			t.Fatalf("state %d is read as another, of generation %d: %v", i, generation, err)
		}
		b[random.IntN(len(b))] ^= 1 << random.IntN(8)
		if _, _, err := decode(b, of); err == nil {
			t.Fatalf("state %d: a bit that has changed is not noticed", i)
		}
	}
	if _, _, err := decode(encode(of, 1, states[0]), aoe.Address{Shelf: 9, Slot: 4}); err == nil || err.Error() != "it is the state of e9.3" {
		t.Errorf("the state of another export: %v", err)
	}
}

// disk is a file on a disk that a crash may end at any moment: what was written
// since the last Sync is on the disk in any part.
type disk struct {
	t       *testing.T
	random  *rand.Rand
	cache   []byte // what a read finds
	durable []byte // what is on the disk in any case
	fail    func(step string) error
	crash   func() // called between any two steps
}

// ReadAt reads from the cache.
func (d *disk) ReadAt(b []byte, off int64) (int, error) { return copy(b, d.cache[off:]), nil }

// WriteAt writes to the cache, sector by sector.
func (d *disk) WriteAt(b []byte, off int64) (int, error) {
	for n := 0; n < len(b); n += sectorSize {
		if err := d.fail("write"); err != nil {
			return n, err
		}
		copy(d.cache[int(off)+n:], b[n:n+sectorSize])
		d.crash()
	}
	return len(b), nil
}

// Sync puts the cache on the disk.
func (d *disk) Sync() error {
	d.crash()
	err := d.fail("sync")
	if err == nil {
		copy(d.durable, d.cache)
	}
	d.crash()
	return err
}

// afterCrash returns what a crash of the host may leave of the file: of each
// sector that was written since the last Sync the new bytes, the old ones, or, of
// a disk that tears them, some of both.
func (d *disk) afterCrash() []byte {
	b := bytes.Clone(d.durable)
	for at := 0; at < len(b); at += sectorSize {
		n := []int{0, sectorSize, d.random.IntN(sectorSize)}[d.random.IntN(3)]
		copy(b[at:at+n], d.cache[at:])
	}
	return b
}

// found returns what the next process reads of a file.
func found(t *testing.T, content []byte) *blade.State {
	t.Helper()
	f := newFile(nil, "state", of)
	f.storage = &disk{cache: content}
	s, err := f.Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCrash ends the process, and the host, between any two steps of a row of
// saves, some of which fail: the next process finds what the last Save that
// succeeded has saved, or, while one runs, what that saves.
func TestCrash(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { testCrash(t, seed) })
	}
}

// testCrash is a run of TestCrash.
func testCrash(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 2))
	d := &disk{t: t, random: random, cache: make([]byte, Size), durable: make([]byte, Size)}
	d.fail = func(string) error { return nil }
	d.crash = func() {}
	f := newFile(nil, "state", of)
	f.storage = d
	if err := f.make(); err != nil {
		t.Fatal(err)
	}
	kept, running, crashes := new(blade.State), new(blade.State), 0
	check := func(what string, content []byte, wanted ...*blade.State) {
		t.Helper()
		crashes++
		got := found(t, content)
		for _, s := range wanted {
			if *s == *got {
				return
			}
		}
		t.Fatalf("after a crash of the %s: neither what was kept nor what is being saved", what)
	}
	d.crash = func() {
		check("process", d.cache, kept, running)
		for range 3 {
			check("host", d.afterCrash(), kept, running)
		}
	}
	failed := errors.New("failed")
	for i := range 40 {
		fails := random.IntN(3 * Size / sectorSize) // the step that fails, if there are so many
		d.fail = func(string) error {
			if fails--; fails == 0 {
				return failed
			}
			return nil
		}
		s := randomState(t, random)
		running = s
		if err := f.Save(s); err == nil {
			kept = s
		} else if !errors.Is(err, failed) {
			t.Fatal(err)
		}
		running = kept
		check("process after a save", d.cache, kept)
		check("host after a save", d.afterCrash(), kept)
		if i%5 == 4 { // the next process goes on
			f = newFile(nil, "state", of)
			f.storage = d
			if s, err := f.Load(); err != nil || *s != *kept {
				t.Fatalf("the next process reads something else: %v", err)
			}
		}
	}
	if crashes < 1000 {
		t.Errorf("%d crashes", crashes)
	}
}

// FuzzLoad reads any file: what is taken of it can be written and read again.
func FuzzLoad(f *testing.F) {
	random := rand.New(rand.NewPCG(3, 3))
	f.Add([]byte{})
	f.Add(append(encode(of, 7, randomState(f, random)), encode(of, 8, longest(f))...))
	f.Fuzz(func(t *testing.T, content []byte) {
		b := make([]byte, Size)
		copy(b, content)
		file := newFile(nil, "state", of)
		d := &disk{cache: b, durable: make([]byte, Size), fail: func(string) error { return nil }, crash: func() {}}
		file.storage = d
		s, err := file.Load()
		if err != nil {
			if !IsInvalid(err) {
				t.Fatal(err)
			}
			s = new(blade.State)
		}
		if err := file.Save(s); err != nil {
			t.Fatal(err)
		}
		if *found(t, d.cache) != *s {
			t.Error("it reads something else than it has written")
		}
	})
}
