// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
		w := <-f.writers
		all = append(all, w.by.file)
		f.writers <- w
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
