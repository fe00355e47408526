// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/test/frametest"
)

// memoryDisk makes an md(4) disk with sectors of so many bytes that holds data,
// for the length of the test, or skips the test where the user may not.
func memoryDisk(t *testing.T, sector int, data []byte) string {
	t.Helper()
	size := strconv.Itoa(len(data) / ata.SectorSize)
	out, err := exec.Command("mdconfig", "-a", "-t", "swap", "-s", size, "-S", strconv.Itoa(sector)).CombinedOutput()
	if err != nil {
		t.Skipf("missing: a memory disk: mdconfig: %v: %s; run as root", err, out)
	}
	unit := strings.TrimSpace(string(out))
	t.Cleanup(func() {
		if out, err := exec.Command("mdconfig", "-d", "-u", unit).CombinedOutput(); err != nil {
			t.Errorf("mdconfig -d -u %s: %v: %s", unit, err, out)
		}
	})
	path := "/dev/" + unit
	noError(t, os.WriteFile(path, data, 0))
	return path
}

// TestDevice serves a window of a disk, plainly, synchronously and directly:
// whole sectors in one vector and in several.
func TestDevice(t *testing.T) {
	for name, o := range map[string]ata.Options{
		"plain": {}, "synchronous": {Sync: true}, "direct": {Direct: true},
	} {
		t.Run(name, func(t *testing.T) {
			edge := bytes.Repeat([]byte{0xee}, 8*ata.SectorSize)
			path := memoryDisk(t, ata.SectorSize, bytes.Join([][]byte{edge, frametest.Content(0, 64), edge}, nil))
			o.Offset, o.Length = 8, 64
			f := openFile(t, path, o)
			if f.Size() != 64*ata.SectorSize {
				t.Errorf("the size is %d", f.Size())
			}
			holds(t, f, 0, frametest.Content(0, 64))
			data := pattern(5*ata.SectorSize, 1)
			write(t, f, 3*ata.SectorSize, data[:512], data[512:1536], data[1536:])
			got := make([]byte, len(data))
			if n, err := f.ReadAt(split(got, 5), 3*ata.SectorSize); n != len(got) || err != nil || !bytes.Equal(got, data) {
				t.Errorf("read %d bytes, %v; equal is %v", n, err, bytes.Equal(got, data))
			}
			noError(t, f.Sync())
			all := readAll(t, openFile(t, path, ata.Options{}), 0, (8+64+8)*ata.SectorSize)
			if !bytes.HasPrefix(all, edge) || !bytes.HasSuffix(all, edge) {
				t.Error("sectors outside the window were written")
			}
		})
	}
}

// TestReadOnlyDevice flushes a disk that is open for reading only.
func TestReadOnlyDevice(t *testing.T) {
	f := openFile(t, memoryDisk(t, ata.SectorSize, frametest.Content(0, 64)), ata.Options{ReadOnly: true})
	holds(t, f, 0, frametest.Content(0, 64))
	noError(t, f.Sync())
}

// TestLargeSectors refuses a disk whose sectors are larger than those of ATA.
func TestLargeSectors(t *testing.T) {
	path := memoryDisk(t, 4096, make([]byte, 1<<20))
	_, err := ata.OpenFile(path, ata.Options{})
	if want := "find the size of " + path + ": it has sectors of 4096 bytes, and AoE ones of 512; put a file on it, and serve that"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

// TestNoDisk opens character devices that are no disks.
func TestNoDisk(t *testing.T) {
	_, err := ata.OpenFile("/dev/null", ata.Options{})
	if want := "find the size of /dev/null: is a character device and no disk; name a regular file or a disk"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

// TestPipe opens a pipe without a writer, which would wait for one.
func TestPipe(t *testing.T) {
	pipe := t.TempDir() + "/pipe"
	noError(t, unix.Mkfifo(pipe, 0o600))
	_, err := ata.OpenFile(pipe, ata.Options{})
	if want := "open " + pipe + ": is a pipe; name a regular file or a block device"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}
