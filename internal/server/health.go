// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"vblade/internal/ata"
	"vblade/internal/journal"
)

// calm is how long no request may fail before a disk counts as working again. On
// a disk with some bad sectors good requests come between bad ones.
const calm = 10 * time.Second

// health logs changes of the condition of a blade's disk, never each request.
type health struct {
	disk  *ata.Disk
	log   Log
	name  journal.Export       // of the blade
	clock func() time.Duration // the time since some moment

	resized func() // called when the disk's size has changed; may be nil

	failing atomic.Bool
	lost    atomic.Bool // written data may be lost, and every flush fails
	hung    atomic.Bool // at the last look, a request had not ended for long

	mu      sync.Mutex // guards what follows
	failed  int        // requests, since the disk began to fail
	since   time.Duration
	mending bool   // no request has failed since then
	sectors int64  // the size that was logged, or was there at the start
	remark  string // of the last IDENTIFY
}

// watchHealth begins to watch the health of a blade's disk.
func (e *export) watchHealth(log Log) {
	e.health = health{disk: e.disk, log: log, name: journal.Export(e.Name()), clock: clock, sectors: e.disk.Sectors()}
}

// note notes how work of the disk has ended. For work that succeeds on a healthy
// disk it costs next to nothing.
func (h *health) note(work ata.Work, err error) {
	switch {
	case work.Op == ata.OpIdentify:
		h.identified(err)
	case errors.Is(err, ata.ErrLost):
		h.flushFailed(err)
	case err != nil:
		h.requestFailed(work, err)
	case h.failing.Load() && work.Op != ata.OpNone:
		h.succeeded()
	}
}

// requestFailed counts a failure, and logs the first.
func (h *health) requestFailed(work ata.Work, err error) {
	h.mu.Lock()
	h.failed++
	h.mending = false
	first := !h.failing.Swap(true)
	h.mu.Unlock()
	if first {
		h.log.Errorf("%s: %s: %v", h.name, describe(work), err)
	}
}

// succeeded logs that the disk works again, if it has for long enough.
func (h *health) succeeded() {
	h.mu.Lock()
	now := h.clock()
	if !h.mending {
		h.mending, h.since = true, now
	}
	n := h.failed
	well := now-h.since >= calm && h.failing.Swap(false)
	if well {
		h.failed = 0
	}
	h.mu.Unlock()
	if well {
		h.log.Infof("%s: the disk works again; %s failed", h.name, plural(int64(n), "request"))
	}
}

// flushFailed logs, once, that from now on every flush fails.
func (h *health) flushFailed(err error) {
	if !h.lost.Swap(true) {
		h.log.Errorf("%s: flush: %v, although it was answered; from now on every flush fails: "+
			"check the disk and what is on it, then restart vblade", h.name, err)
	}
}

// identified logs changes of the disk's size and of what else was found.
func (h *health) identified(err error) {
	if err == ata.ErrWouldWait {
		return
	}
	now, remark := h.disk.Sectors(), ""
	if err != nil {
		remark = err.Error()
	}
	h.mu.Lock()
	before, resized, remarkable := h.sectors, now != h.sectors, remark != h.remark
	h.sectors, h.remark = now, remark
	h.mu.Unlock()
	if resized {
		h.log.Infof("%s: the disk has %s now, not %d", h.name, plural(now, "sector"), before)
		if h.resized != nil {
			h.resized()
		}
	}
	switch {
	case remarkable && remark == "":
		h.log.Infof("%s: the disk's size and name are as they should be again", h.name)
	case remarkable:
		h.log.Warnf("%s: %s", h.name, remark)
	}
}

// hangs logs that a request, with this work, has not ended for too long, and
// later that no request hangs any more.
func (h *health) hangs(now bool, work ata.Work, within time.Duration) {
	before := h.hung.Swap(now)
	switch {
	case now && !before:
		h.log.Errorf("%s: %s has not ended for %v: the disk hangs", h.name, describe(work), within)
	case before && !now:
		h.log.Infof("%s: the disk goes on", h.name)
	}
}
