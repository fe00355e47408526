// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// sizedStore is a store that has nothing but a size.
type sizedStore struct {
	ata.Store
	sectors int64
}

// Size returns the size in bytes.
func (s *sizedStore) Size() int64 { return s.sectors * ata.SectorSize }

// healthTest is the health of a disk under a clock that stands still.
type healthTest struct {
	t     *testing.T
	store *sizedStore
	log   frametest.Log
	now   time.Duration
	*health
}

// newHealthTest returns the health of e9.0 with 100 sectors.
func newHealthTest(t *testing.T) *healthTest {
	h := &healthTest{t: t, store: &sizedStore{sectors: 100}}
	b := &export{Blade: blade.New(h.store, blade.Config{Shelf: 9})}
	b.disk = b.Disk()
	b.watchHealth(&h.log)
	h.health = &b.health
	h.clock = func() time.Duration { return h.now }
	return h
}

// logs checks what was logged since the last call, and of which level.
func (h *healthTest) logs(want ...string) {
	h.t.Helper()
	got := strings.Split(strings.TrimSpace(h.log.Leveled()), "\n")
	h.log.Reset()
	if fmt.Sprint(got) != fmt.Sprint(append(want, make([]string, max(0, 1-len(want)))...)) {
		h.t.Errorf("logs %q; want %q", got, want)
	}
}

// Work of every kind, and errors.
var (
	aRead  = ata.Work{Op: ata.OpRead, LBA: 7, Data: make([]byte, ata.SectorSize)}
	aWrite = ata.Work{Op: ata.OpWrite, LBA: 1234, Data: make([]byte, 2*ata.SectorSize)}
	aFlush = ata.Work{Op: ata.OpFlush}
	asked  = ata.Work{Op: ata.OpIdentify}
	errBad = errors.New("bad sector")
)

// TestHealthChanges takes a disk through failures, alone and among successes, to
// its recovery, twice.
func TestHealthChanges(t *testing.T) {
	h := newHealthTest(t)
	for range 2 {
		h.note(aRead, nil)
		h.logs()
		h.note(aWrite, errors.New("no space left on device"))
		h.logs("error: e9.0: write of 2 sectors at LBA 1234: no space left on device")
		for range 20 { // a bad sector beside good ones
			h.note(aRead, nil)
			h.now += calm - 1
			h.note(aRead, nil)
			h.note(aRead, errBad)
			h.now += 2 * calm
		}
		h.note(ata.Work{}, nil) // says nothing of the disk
		h.now += calm
		h.note(aRead, nil)
		h.logs()
		h.now += calm - 1
		h.note(aFlush, nil)
		h.logs()
		h.now++
		h.note(ata.Work{}, nil)
		h.logs()
		h.note(aFlush, nil)
		h.logs("info: e9.0: the disk works again; 21 requests failed")
		h.note(aFlush, nil)
		h.logs()
	}
	h.note(aRead, errBad)
	h.logs("error: e9.0: read of 1 sector at LBA 7: bad sector")
	h.note(aRead, nil)
	h.now += calm
	h.note(aRead, nil)
	h.logs("info: e9.0: the disk works again; 1 request failed")
}

// TestHealthFlush loses writes: that is logged once, for ever, and keeps nothing
// else from being logged.
func TestHealthFlush(t *testing.T) {
	h := newHealthTest(t)
	lost := fmt.Errorf("%w; %w", errBad, ata.ErrLost)
	h.note(aFlush, lost)
	h.logs("error: e9.0: flush: bad sector; what was written may be lost, although it was answered; from now on every flush fails: " +
		"check the disk and what is on it, then restart vblade")
	h.note(aFlush, lost)
	h.logs()
	h.note(aFlush, errBad) // where nothing is lost by it
	h.logs("error: e9.0: flush: bad sector")
	h.note(aRead, nil)
	h.now += calm
	h.note(aFlush, lost)
	h.note(aRead, nil)
	h.logs("info: e9.0: the disk works again; 1 request failed")
}

// TestHealthSize changes the size of a disk, and what else IDENTIFY finds.
func TestHealthSize(t *testing.T) {
	h := newHealthTest(t)
	h.note(asked, nil)
	h.logs()
	h.store.sectors = 1
	h.note(asked, nil)
	h.logs("info: e9.0: the disk has 1 sector now, not 100")
	h.note(asked, nil)
	h.logs()
	h.store.sectors = 200
	h.note(asked, errors.New("disk: it was removed"))
	h.logs("info: e9.0: the disk has 200 sectors now, not 1", "warning: e9.0: disk: it was removed")
	h.note(asked, errors.New("disk: it was removed"))
	h.note(asked, ata.ErrWouldWait)
	h.note(aRead, nil)
	h.logs()
	h.note(asked, nil)
	h.logs("info: e9.0: the disk's size and name are as they should be again")
	h.note(asked, nil)
	h.logs()
}

// TestHealthHangs has a request not end for long, twice seen, and then end.
func TestHealthHangs(t *testing.T) {
	h := newHealthTest(t)
	h.hangs(false, ata.Work{}, 10*time.Second)
	h.logs()
	h.hangs(true, aWrite, 10*time.Second)
	h.logs("error: e9.0: write of 2 sectors at LBA 1234 has not ended for 10s: the disk hangs")
	h.hangs(true, aWrite, 10*time.Second)
	h.logs()
	h.hangs(false, ata.Work{}, 10*time.Second)
	h.logs("info: e9.0: the disk goes on")
}
