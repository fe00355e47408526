// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/test/frametest"
)

// dup returns descriptors of the same openings, as another process gets them.
func dup(t *testing.T, files []*os.File) []*os.File {
	t.Helper()
	var all []*os.File
	for _, f := range files {
		fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		noError(t, err)
		all = append(all, os.NewFile(uintptr(fd), f.Name()))
	}
	return all
}

// TestFromDescriptors runs the suite on files that somebody else opened.
func TestFromDescriptors(t *testing.T) {
	for name, o := range map[string]ata.Options{
		"plain": {}, "window": {Offset: 2}, "written through": {Sync: true, Writers: 5},
	} {
		t.Run(name, func(t *testing.T) {
			testStore(t, func(t *testing.T) ata.Store {
				content := append(make([]byte, o.Offset*ata.SectorSize), frametest.Content(0, frametest.Sectors)...)
				opened := openFile(t, newFile(t, content), o)
				files := dup(t, opened.Descriptors())
				slices.Reverse(files)
				f, err := ata.FromDescriptors("/nowhere/that/we/see", o, files)
				noError(t, err)
				t.Cleanup(func() { noError(t, f.Close()) })
				noError(t, f.Refresh())
				if !f.SameFile(opened) || f.ReadOnly() != opened.ReadOnly() || f.Size() != opened.Size() {
					t.Errorf("size %d, want %d", f.Size(), opened.Size())
				}
				return f
			})
		})
	}
}

// TestForeignPath refreshes files that were opened by a path that leads
// elsewhere here, and by one that leads to them.
func TestForeignPath(t *testing.T) {
	path, other := newFile(t, make([]byte, 512)), newFile(t, make([]byte, 512))
	opened := openFile(t, path, ata.Options{})
	for _, p := range []string{path, other} {
		f, err := ata.FromDescriptors(p, ata.Options{}, dup(t, opened.Descriptors()))
		noError(t, err)
		defer f.Close()
		noError(t, f.Refresh())
		noError(t, os.Remove(p))
		if err := f.Refresh(); (err != nil) != (p == path) {
			t.Errorf("after its removal %s: %v", p, err)
		}
	}
}

// TestUntrusted hands over what OpenFile would not have opened: each is refused,
// and every descriptor is closed.
func TestUntrusted(t *testing.T) {
	path, other := newFile(t, make([]byte, 2048)), newFile(t, make([]byte, 2048))
	open := func(path string, flags int) *os.File {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
		noError(t, err)
		return os.NewFile(uintptr(fd), path)
	}
	synced := func(path string) *os.File { return open(path, unix.O_RDWR|unix.O_SYNC) }
	sync := ata.Options{Sync: true, Writers: 2}
	first := synced(path)
	for name, c := range map[string]struct {
		o     ata.Options
		files []*os.File
		want  string
	}{
		"nothing":             {files: nil, want: "0 descriptors do not fit"},
		"too many":            {files: []*os.File{open(path, unix.O_RDWR), open(path, unix.O_RDWR)}, want: "2 descriptors do not fit"},
		"too few":             {o: sync, files: []*os.File{synced(path)}, want: "1 descriptors do not fit"},
		"a directory":         {o: ata.Options{ReadOnly: true}, files: []*os.File{open("/", unix.O_RDONLY)}, want: "is a directory"},
		"a character device":  {files: []*os.File{open("/dev/null", unix.O_RDWR)}, want: "is a character device"},
		"a name only":         {files: []*os.File{open(path, unix.O_PATH)}, want: "is not open for data"},
		"read-only":           {files: []*os.File{open(path, unix.O_RDONLY)}, want: "is not open for reading and writing"},
		"write-only":          {files: []*os.File{open(path, unix.O_WRONLY)}, want: "is not open for reading and writing"},
		"writable":            {o: ata.Options{ReadOnly: true}, files: []*os.File{open(path, unix.O_RDWR)}, want: "is not open read-only"},
		"for appending":       {files: []*os.File{open(path, unix.O_RDWR|unix.O_APPEND)}, want: "is open for appending"},
		"no direct I/O":       {o: ata.Options{Direct: true}, files: []*os.File{open(path, unix.O_RDWR)}, want: "is not open for direct I/O"},
		"two files":           {o: sync, files: []*os.File{synced(path), synced(other)}, want: "it was replaced"},
		"one opening":         {o: sync, files: []*os.File{first, dup(t, []*os.File{first})[0], synced(path)}, want: "of one opening"},
		"beyond its end":      {o: ata.Options{Offset: 4}, files: []*os.File{open(path, unix.O_RDWR)}, want: "offset of 4 sectors is past the end"},
		"longer than it is":   {o: ata.Options{Length: 5}, files: []*os.File{open(path, unix.O_RDWR)}, want: "length of 5 sectors is too long"},
		"overflowing numbers": {o: ata.Options{Offset: 1, Length: 1 << 48}, files: []*os.File{open(path, unix.O_RDWR)}, want: "is too long"},
	} {
		_, err := ata.FromDescriptors(path, c.o, c.files)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %s", name, err, c.want)
		}
		for i, f := range c.files {
			if _, err := f.Stat(); err == nil {
				t.Errorf("%s: descriptor %d is open", name, i)
			}
		}
	}
	if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, make([]byte, 2048)) {
		t.Errorf("the file was written: %v", err)
	}
}

// TestDuplicate runs the suite on a duplicate whose original is closed.
func TestDuplicate(t *testing.T) {
	testStore(t, func(t *testing.T) ata.Store {
		f, err := ata.OpenFile(newFile(t, frametest.Content(0, frametest.Sectors)), ata.Options{Sync: true, Writers: 3})
		noError(t, err)
		d, err := f.Duplicate()
		noError(t, err)
		noError(t, f.Close())
		t.Cleanup(func() { noError(t, d.Close()) })
		if !d.SameFile(f) || len(d.Descriptors()) != 4 {
			t.Errorf("%d descriptors", len(d.Descriptors()))
		}
		return d
	})
}
