// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vblade/internal/ata"
)

// identified returns the size in sectors that a disk tells now, and the remark.
func identified(t *testing.T, s ata.Store) (int64, error) {
	t.Helper()
	d := ata.NewDisk(s, ata.Identity{})
	data := make([]byte, ata.SectorSize)
	_, err := d.Do(ata.OpIdentify, 0, [][]byte{data})
	return int64(binary.LittleEndian.Uint64(data[200:])), err
}

// TestRefresh changes the size of a file under windows of it: each notices, when
// it is asked, what of the change it sees.
func TestRefresh(t *testing.T) {
	for _, c := range []struct {
		name           string
		offset, length int64
		bytes          int64 // the file has 10 sectors before
		want           int64
	}{
		{"grown", 0, 0, 20 * 512, 20},
		{"grown by less than a sector", 0, 0, 10*512 + 511, 10},
		{"shrunk", 0, 0, 4 * 512, 4},
		{"shrunk into a sector", 0, 0, 4*512 - 1, 3},
		{"emptied", 0, 0, 0, 0},
		{"grown, with an offset", 3, 0, 20 * 512, 17},
		{"shrunk, with an offset", 3, 0, 4 * 512, 1},
		{"shrunk to the offset", 3, 0, 3*512 + 100, 0},
		{"shrunk below the offset", 3, 0, 512, 0},
		{"grown, with a length", 3, 5, 20 * 512, 5},
		{"shrunk, with a length, behind it", 3, 5, 8 * 512, 5},
		{"shrunk, with a length, within it", 3, 5, 6 * 512, 3},
		{"shrunk, with a length, before it", 3, 5, 2 * 512, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := newFile(t, make([]byte, 10*512))
			f := openFile(t, path, ata.Options{Offset: c.offset, Length: c.length})
			before := f.Size()
			noError(t, os.Truncate(path, c.bytes))
			if f.Size() != before {
				t.Errorf("it has %d bytes before it was asked", f.Size())
			}
			if got, err := identified(t, f); got != c.want || err != nil {
				t.Errorf("%d sectors, %v; want %d", got, err, c.want)
			}
			if f.Size() != c.want*512 {
				t.Errorf("then it has %d bytes", f.Size())
			}
			noError(t, os.Truncate(path, 10*512))
			if got, err := identified(t, f); got*512 != before || err != nil {
				t.Errorf("as it was, it has %d sectors, %v", got, err)
			}
		})
	}
}

// TestRefreshBounds checks what is beyond the end of a disk that has shrunk, and
// grown.
func TestRefreshBounds(t *testing.T) {
	path := newFile(t, make([]byte, 10*512))
	f := openFile(t, path, ata.Options{})
	d := ata.NewDisk(f, ata.Identity{})
	read := ata.Command{Opcode: ata.ReadExt, Count: 1, LBA: 7}
	for _, c := range []struct{ bytes, errors int64 }{{7 * 512, ata.ErrorNotFound}, {8 * 512, 0}} {
		noError(t, os.Truncate(path, c.bytes))
		identified(t, f)
		if _, r, _ := d.Start(read, make([]byte, 512), 0, 1); int64(r.Error) != c.errors {
			t.Errorf("of %d bytes, a read of sector 7 has error %#x", c.bytes, r.Error)
		}
	}
}

// TestWriteBehindEnd writes behind the end of a file that was cut short, which
// grows by it.
func TestWriteBehindEnd(t *testing.T) {
	path := newFile(t, make([]byte, 10*512))
	f := openFile(t, path, ata.Options{})
	noError(t, os.Truncate(path, 512))
	write(t, f, 6*512, pattern(512, 1))
	if got, err := identified(t, f); got != 7 || err != nil {
		t.Errorf("%d sectors, %v; want 7", got, err)
	}
	holds(t, f, 6*512, pattern(512, 1))
}

// TestRefreshReplaced removes and replaces a file under its Store, which serves
// the old one, and says so until the name leads to it again.
func TestRefreshReplaced(t *testing.T) {
	path := newFile(t, make([]byte, 10*512))
	f := openFile(t, path, ata.Options{})
	other := filepath.Join(filepath.Dir(path), "other")
	check := func(what, want string) {
		t.Helper()
		n, err := identified(t, f)
		if n != 10 {
			t.Errorf("%s: %d sectors", what, n)
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v; want %q", what, err, want)
		}
	}
	check("as it was", "")
	noError(t, os.Rename(path, other))
	check("moved away", path+": it was removed or replaced: unless it has another name, what is written is lost when vblade ends; restart vblade")
	noError(t, os.WriteFile(path, make([]byte, 512), 0o600))
	check("replaced", "removed or replaced")
	noError(t, os.Rename(other, path))
	check("moved back", "")
	noError(t, os.Remove(path))
	check("removed", "removed or replaced")
	write(t, f, 0, pattern(512, 1))
	holds(t, f, 0, pattern(512, 1))
}
