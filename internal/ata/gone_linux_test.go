// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/test/frametest"
	"vblade/test/lab"
)

// TestIsGone tells errors of a disk that is gone from others.
func TestIsGone(t *testing.T) {
	for _, err := range []error{unix.EIO, unix.ENXIO, unix.ENODEV, unix.ENOTCONN, unix.ESHUTDOWN, unix.EINVAL} {
		if !ata.IsGone(fmt.Errorf("%w; %w", err, ata.ErrLost)) {
			t.Errorf("%v is no disk that is gone", err)
		}
	}
	for _, err := range []error{nil, unix.ENOSPC, ata.ErrEnd, ata.ErrWouldWait, errors.New("other")} {
		if ata.IsGone(err) {
			t.Errorf("%v is a disk that is gone", err)
		}
	}
}

// TestTakenAway takes a device away that is in use, as far as a loop device can be:
// every kind of access says so. A file that has become shorter is not gone.
func TestTakenAway(t *testing.T) {
	path := newFile(t, frametest.Content(0, frametest.Sectors))
	device := lab.LoopDevice(t, path).Name()
	for _, o := range []ata.Options{{}, {Sync: true}, {Direct: true}} {
		f := openFile(t, device, o)
		noError(t, os.Truncate(path, 0))
		fit(t, device)
		_, err := f.ReadAt(split(page(t, ata.SectorSize), 1), 0)
		if !ata.IsGone(err) {
			t.Errorf("%+v: read: %v", o, err)
		}
		if _, err = f.WriteAt(split(page(t, ata.SectorSize), 1), 0); !ata.IsGone(err) {
			t.Errorf("%+v: write: %v", o, err)
		}
		if err = f.Refresh(); !ata.IsGone(err) {
			t.Errorf("%+v: refresh: %v", o, err)
		}
		noError(t, os.Truncate(path, frametest.Sectors*ata.SectorSize))
		fit(t, device)
	}
	f := openFile(t, path, ata.Options{})
	noError(t, os.Truncate(path, 0))
	if _, err := f.ReadAt(split(page(t, ata.SectorSize), 1), 0); err == nil || ata.IsGone(err) {
		t.Errorf("a file that is empty now: %v", err)
	}
}
