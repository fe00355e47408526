// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// openNew opens a new file of a sector for the length of a test.
func openNew(t *testing.T, o Options) *File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(path, make([]byte, SectorSize), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := OpenFile(path, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestRefreshWaitsForNone asks for the size while another call hangs.
func TestRefreshWaitsForNone(t *testing.T) {
	f := openNew(t, Options{})
	f.looking.Lock()
	if err := f.Refresh(); err != ErrWouldWait {
		t.Errorf("a second call: %v", err)
	}
	f.looking.Unlock()
	if err := f.Refresh(); err != nil {
		t.Error(err)
	}
}

// TestWritersAreOfTheFile replaces a file between its first opening and the next.
func TestWritersAreOfTheFile(t *testing.T) {
	f := openNew(t, Options{})
	other := f.path + ".new"
	if err := os.WriteFile(other, make([]byte, SectorSize), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, f.path); err != nil {
		t.Fatal(err)
	}
	replaced, err := os.Open(f.path)
	if err != nil {
		t.Fatal(err)
	}
	defer replaced.Close()
	if err := sameAsFirst(f.path, []*os.File{f.file, replaced}); err == nil || !strings.Contains(err.Error(), "it was replaced") {
		t.Errorf("an opening of another file: %v", err)
	}
}

// TestClose checks that every opening of a file is closed with it.
func TestClose(t *testing.T) {
	f := openNew(t, Options{Sync: true, Writers: 3})
	var all []*os.File
	for range 3 {
		w := f.takeWriter()
		all = append(all, w.by.file)
		w.giveBack()
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	for i, file := range append(all, f.file) {
		if _, err := file.Stat(); err == nil {
			t.Errorf("opening %d is open", i)
		}
	}
}

// TestSyncNeedsNoWriter syncs while every writer is in use.
func TestSyncNeedsNoWriter(t *testing.T) {
	f := openNew(t, Options{Sync: true, Writers: 2})
	for range f.writers {
		f.takeWriter()
	}
	done := make(chan error, 1)
	go func() { done <- f.Sync() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the sync waits for a write")
	}
}

// TestDuplicateHasWriters has half of the writers of a File be in use: a Duplicate
// has the others.
func TestDuplicateHasWriters(t *testing.T) {
	f := openNew(t, Options{Sync: true, Writers: 12})
	d, err := f.Duplicate()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	half, used := len(f.writers)/2, map[int]bool{}
	if half <= f.batches {
		t.Errorf("%d writers for %d batches, and for as many of a Duplicate", len(f.writers), f.batches)
	}
	for range half {
		used[f.takeWriter().number] = true
		used[d.takeWriter().number] = true
	}
	if len(used) != 2*half {
		t.Errorf("in use are %v", used)
	}
}
