// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/test/frametest"
	"vblade/test/lab"
)

// TestPipe opens a pipe without a writer, which would wait for one.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	noError(t, unix.Mkfifo(pipe, 0o600))
	_, err := ata.OpenFile(pipe, ata.Options{})
	if want := "open " + pipe + ": is a pipe; name a regular file or a block device"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

// TestNoDisk opens a character device.
func TestNoDisk(t *testing.T) {
	_, err := ata.OpenFile("/dev/null", ata.Options{})
	if want := "open /dev/null: is a character device; name a regular file or a block device"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

// TestPermission opens a file that its user may not, without the capabilities
// that would help.
func TestPermission(t *testing.T) {
	path := newFile(t, make([]byte, 512))
	noError(t, unix.Chmod(path, 0o000))
	var writable, readable error
	onOwnThread(func() {
		if writable = dropCapabilities(unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH); writable != nil {
			return
		}
		_, writable = ata.OpenFile(path, ata.Options{})
		_, readable = ata.OpenFile(path, ata.Options{ReadOnly: true})
	})
	check := func(err error, hint string) {
		t.Helper()
		if want := "open " + path + ": permission denied (" + hint + ")"; err == nil || err.Error() != want {
			t.Errorf("got %v; want %s", err, want)
		}
		if !errors.Is(err, unix.EACCES) {
			t.Error("the error is not the system's")
		}
	}
	check(writable, "needs read and write permission for this user, or CAP_DAC_OVERRIDE; -r exports read-only")
	check(readable, "needs read permission for this user, or CAP_DAC_READ_SEARCH")
}

// TestReadOnlyMedium opens a file on a file system that is mounted read-only.
func TestReadOnlyMedium(t *testing.T) {
	path := newFile(t, frametest.Content(0, frametest.Sectors))
	var mount, writable, readable error
	onOwnThread(func() {
		if mount = mountReadOnly(filepath.Dir(path)); mount != nil {
			return
		}
		_, writable = ata.OpenFile(path, ata.Options{})
		var f *ata.File
		if f, readable = ata.OpenFile(path, ata.Options{ReadOnly: true}); readable == nil {
			f.Close()
		}
	})
	if mount != nil {
		lab.Skip(t, "a mount namespace: "+mount.Error(), "run as root")
	}
	if want := "open " + path + ": read-only file system (-r exports it read-only)"; writable == nil || writable.Error() != want {
		t.Errorf("got %v; want %s", writable, want)
	}
	noError(t, readable)
}

// TestTryReadAt reads what the page cache holds without waiting, and never less
// than all without saying so.
func TestTryReadAt(t *testing.T) {
	const before = 3
	edge := bytes.Repeat([]byte{0xee}, before*ata.SectorSize)
	path := newFile(t, append(edge, frametest.Content(0, frametest.Sectors)...))
	f := openFile(t, path, ata.Options{Offset: before})
	readAll(t, f, 0, storeSize)
	want := frametest.Content(5, 4)
	for _, vectors := range []int{1, 2, 64} {
		got := make([]byte, len(want))
		err := f.TryReadAt(split(got, vectors), 5*ata.SectorSize)
		if errors.Is(err, errors.ErrUnsupported) {
			lab.Skip(t, "RWF_NOWAIT on the file system of "+path, "set TMPDIR to a directory on ext4 or xfs")
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d vectors of what was just read: %v; equal is %v", vectors, err, bytes.Equal(got, want))
		}
	}
	if err := f.TryReadAt(split(make([]byte, 2048), 65), 0); err == nil {
		t.Error("65 vectors, more than one call takes, are all read")
	}
	noError(t, unix.Truncate(path, (before+7)*ata.SectorSize))
	for _, vectors := range []int{1, 4} {
		if err := f.TryReadAt(split(make([]byte, len(want)), vectors), 5*ata.SectorSize); err != ata.ErrWouldWait {
			t.Errorf("a read across the end of a file that was cut short: %v", err)
		}
	}
}

// TestFileAllocatesNothing counts the allocations of a File's methods.
func TestFileAllocatesNothing(t *testing.T) {
	f := openFile(t, newFile(t, frametest.Content(0, frametest.Sectors)), ata.Options{})
	through := openFile(t, newFile(t, frametest.Content(0, frametest.Sectors)), ata.Options{Sync: true})
	one, many := split(make([]byte, 8192), 1), split(make([]byte, 8192), 100)
	for name, call := range map[string]func(){
		"ReadAt of a vector":    func() { f.ReadAt(one, 0) },
		"ReadAt of vectors":     func() { f.ReadAt(many, 0) },
		"WriteAt of a vector":   func() { f.WriteAt(one, 0) },
		"WriteAt of vectors":    func() { f.WriteAt(many, 0) },
		"TryReadAt of a vector": func() { f.TryReadAt(one, 0) },
		"TryReadAt of 64":       func() { f.TryReadAt(many[:64], 0) },
		"Sync":                  func() { f.Sync() },
		"WriteAt, through":      func() { through.WriteAt(many, 0) },
		"Sync, through":         func() { through.Sync() },
	} {
		if n := testing.AllocsPerRun(100, call); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
