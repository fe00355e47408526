// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vblade/internal/ata"
	"vblade/test/frametest"
)

// newFile makes a file of data and returns its path.
func newFile(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "disk")
	noError(t, os.WriteFile(path, data, 0o600))
	return path
}

// openFile opens a file for the length of the test.
func openFile(t *testing.T, path string, o ata.Options) *ata.File {
	t.Helper()
	f, err := ata.OpenFile(path, o)
	noError(t, err)
	t.Cleanup(func() { noError(t, f.Close()) })
	return f
}

// TestRegularFile runs the suite on regular files, opened in several ways.
func TestRegularFile(t *testing.T) {
	content := frametest.Content(0, frametest.Sectors)
	for name, c := range map[string]struct {
		extra   int // bytes behind the last sector
		options ata.Options
	}{
		"all of it":                      {},
		"with a length":                  {options: ata.Options{Length: frametest.Sectors}},
		"written through":                {options: ata.Options{Sync: true}},
		"with a part of a sector behind": {extra: 300},
	} {
		t.Run(name, func(t *testing.T) {
			testStore(t, func(t *testing.T) ata.Store {
				return openFile(t, newFile(t, append(bytes.Clone(content), make([]byte, c.extra)...)), c.options)
			})
		})
	}
}

// TestWindow runs the suite on the middle of a file: nothing outside the window
// is touched.
func TestWindow(t *testing.T) {
	const before, after = 9, 5 // sectors
	edge := bytes.Repeat([]byte{0xee}, before*ata.SectorSize)
	testStore(t, func(t *testing.T) ata.Store {
		path := newFile(t, bytes.Join([][]byte{edge, frametest.Content(0, frametest.Sectors), edge[:after*ata.SectorSize]}, nil))
		t.Cleanup(func() {
			got, err := os.ReadFile(path)
			noError(t, err)
			if len(got) != (before+frametest.Sectors+after)*ata.SectorSize {
				t.Errorf("the file has %d bytes now", len(got))
			}
			if !bytes.Equal(got[:len(edge)], edge) || !bytes.Equal(got[len(edge)+storeSize:], edge[:after*ata.SectorSize]) {
				t.Error("sectors outside the window were written")
			}
		})
		return openFile(t, path, ata.Options{Offset: before, Length: frametest.Sectors})
	})
}

// TestSizes opens windows of files of some bytes: how many sectors they have,
// or why they are refused.
func TestSizes(t *testing.T) {
	for _, c := range []struct {
		bytes          int
		offset, length int64
		sectors        int64
		refusal        string // without the path
	}{
		{bytes: 512, sectors: 1},
		{bytes: 1023, sectors: 1},
		{bytes: 1024, sectors: 2},
		{bytes: 5120, sectors: 10},
		{bytes: 5120, offset: 9, sectors: 1},
		{bytes: 5120, length: 1, sectors: 1},
		{bytes: 5120, length: 10, sectors: 10},
		{bytes: 5120, offset: 3, length: 7, sectors: 7},
		{bytes: 5120, offset: 3, length: 2, sectors: 2},
		{bytes: 0, refusal: "PATH holds 0 bytes, less than one sector of 512; enlarge it, for example with: truncate -s 1G PATH"},
		{bytes: 511, refusal: "PATH holds 511 bytes, less than one sector of 512; enlarge it, for example with: truncate -s 1G PATH"},
		{bytes: 5120, offset: 10, refusal: "offset of 10 sectors is past the end of PATH, which has 10; give less"},
		{bytes: 5119, offset: 9, refusal: "offset of 9 sectors is past the end of PATH, which has 9; give less"},
		{bytes: 5120, offset: 1 << 48, refusal: "offset of 281474976710656 sectors is past the end of PATH, which has 10; give less"},
		{bytes: 5120, length: 11, refusal: "length of 11 sectors is too long: PATH has 10 from offset 0 (10 in all); give at most that"},
		{bytes: 5120, offset: 3, length: 8, refusal: "length of 8 sectors is too long: PATH has 7 from offset 3 (10 in all); give at most that"},
		{bytes: 5120, length: 1 << 48, refusal: "length of 281474976710656 sectors is too long: PATH has 10 from offset 0 (10 in all); give at most that"},
	} {
		path := newFile(t, make([]byte, c.bytes))
		f, err := ata.OpenFile(path, ata.Options{Offset: c.offset, Length: c.length})
		if err != nil {
			if want := strings.ReplaceAll(c.refusal, "PATH", path); err.Error() != want {
				t.Errorf("%+v: refused with\n%v\nwant\n%s", c, err, want)
			}
			continue
		}
		if c.refusal != "" || f.Size() != c.sectors*ata.SectorSize {
			t.Errorf("%+v: %d bytes are exported", c, f.Size())
		}
		noError(t, f.Close())
	}
}

// TestReadOnlyFile checks that a read-only file is read and cannot be written.
func TestReadOnlyFile(t *testing.T) {
	path := newFile(t, frametest.Content(0, frametest.Sectors))
	f := openFile(t, path, ata.Options{ReadOnly: true})
	if !f.ReadOnly() {
		t.Error("the file does not say that it is read-only")
	}
	testReads(t, f)
	if n, err := f.WriteAt([][]byte{make([]byte, 512)}, 0); n != 0 || err == nil {
		t.Errorf("a write to a read-only file: %d, %v", n, err)
	}
	testReads(t, f)
}

// TestCutShort truncates a file under its Store: what is left is read, the rest
// is an error, also through a Disk.
func TestCutShort(t *testing.T) {
	path := newFile(t, frametest.Content(0, frametest.Sectors))
	f := openFile(t, path, ata.Options{})
	noError(t, os.Truncate(path, 3*ata.SectorSize+100))
	for _, vectors := range []int{1, 4} {
		got := make([]byte, 4*ata.SectorSize)
		n, err := f.ReadAt(split(got, vectors), ata.SectorSize)
		if n != 2*ata.SectorSize+100 || !errors.Is(err, ata.ErrEnd) {
			t.Errorf("read across the end in %d vectors: %d, %v", vectors, n, err)
		}
		if !bytes.Equal(got[:n], frametest.Content(1, 3)[:n]) {
			t.Error("what is left is not what is read")
		}
	}
	if n, err := f.ReadAt([][]byte{make([]byte, 512)}, 10*ata.SectorSize); n != 0 || !errors.Is(err, ata.ErrEnd) {
		t.Errorf("read behind the end: %d, %v", n, err)
	}
	if f.Size() != storeSize {
		t.Errorf("the size is %d now", f.Size())
	}
	d := ata.NewDisk(f, ata.Identity{})
	n, err := d.Do(ata.OpRead, 1, split(make([]byte, 4*ata.SectorSize), 4))
	if n != 2 || err == nil {
		t.Errorf("the disk reads %d sectors, %v; want 2 and an error", n, err)
	}
}

// split cuts b into n vectors.
func split(b []byte, n int) [][]byte {
	var vecs [][]byte
	for i := range n {
		vecs = append(vecs, b[i*len(b)/n:(i+1)*len(b)/n])
	}
	return vecs
}

// TestNotDisks opens what is neither a regular file nor a disk.
func TestNotDisks(t *testing.T) {
	dir := t.TempDir()
	socket := filepath.Join(dir, "socket")
	l, err := net.Listen("unix", socket)
	noError(t, err)
	defer l.Close()
	missing := filepath.Join(dir, "missing")
	for path, want := range map[string]string{
		dir:     "open PATH: is a directory; name a regular file or a block device",
		socket:  "open PATH: is a socket; name a regular file or a block device",
		missing: "open PATH: no such file or directory",
	} {
		_, err := ata.OpenFile(path, ata.Options{})
		if want = strings.ReplaceAll(want, "PATH", path); err == nil || err.Error() != want {
			t.Errorf("open %s: %v; want %s", path, err, want)
		}
	}
}

// TestLink checks that a symbolic link is what it leads to.
func TestLink(t *testing.T) {
	path := newFile(t, frametest.Content(0, frametest.Sectors))
	link := filepath.Join(t.TempDir(), "link")
	noError(t, os.Symlink(path, link))
	testReads(t, openFile(t, link, ata.Options{}))
}
