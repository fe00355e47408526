// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/test/frametest"
	"vblade/test/lab"
)

// loopDevice makes a block device of a file of data for the length of the test.
func loopDevice(t *testing.T, data []byte) string {
	t.Helper()
	return lab.LoopDevice(t, newFile(t, data)).Name()
}

// loopDeviceOf is loopDevice with sectors of a size, in bytes, and a file that is
// opened with flags.
func loopDeviceOf(t *testing.T, data []byte, sectorSize, flags int) string {
	t.Helper()
	file, err := os.OpenFile(newFile(t, data), flags, 0)
	noError(t, err)
	defer file.Close()
	return lab.LoopDeviceOf(t, file, sectorSize).Name()
}

// TestBlockDevice runs the suite on block devices: as they are, and on a window.
func TestBlockDevice(t *testing.T) {
	content := frametest.Content(0, frametest.Sectors)
	t.Run("all of it", func(t *testing.T) {
		testStore(t, func(t *testing.T) ata.Store {
			return openFile(t, loopDevice(t, content), ata.Options{})
		})
	})
	t.Run("a window", func(t *testing.T) {
		edge := bytes.Repeat([]byte{0xee}, 8*ata.SectorSize)
		testStore(t, func(t *testing.T) ata.Store {
			device := loopDevice(t, bytes.Join([][]byte{edge, content, edge}, nil))
			t.Cleanup(func() {
				got, err := os.ReadFile(device)
				noError(t, err)
				if !bytes.HasPrefix(got, edge) || !bytes.HasSuffix(got, edge) {
					t.Error("sectors outside the window were written")
				}
			})
			return openFile(t, device, ata.Options{Offset: 8, Length: frametest.Sectors})
		})
	})
}

// page returns memory that begins a page, as direct I/O wants.
func page(t *testing.T, n int) []byte {
	t.Helper()
	b, err := unix.Mmap(-1, 0, n, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	noError(t, err)
	t.Cleanup(func() { unix.Munmap(b) })
	return b
}

// TestDirect reads and writes past the page cache, in sectors of 512 bytes.
func TestDirect(t *testing.T) {
	device := loopDevice(t, frametest.Content(0, frametest.Sectors))
	f := openFile(t, device, ata.Options{Offset: 3, Direct: true})
	b := page(t, 2*ata.SectorSize)
	n, err := f.ReadAt(split(b, 2), 4*ata.SectorSize)
	if n != len(b) || err != nil || !bytes.Equal(b, frametest.Content(7, 2)) {
		t.Errorf("direct read: %d, %v", n, err)
	}
	copy(b, pattern(len(b), 1))
	write(t, f, 0, b)
	got, err := os.ReadFile(device)
	noError(t, err)
	if !bytes.Equal(got[3*ata.SectorSize:5*ata.SectorSize], pattern(len(b), 1)) {
		t.Error("what was written is not on the device")
	}
	if err := f.TryReadAt([][]byte{b}, 0); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a direct read without waiting: %v", err)
	}
}

// TestDirectOnLargeSectors refuses direct I/O on a disk whose sectors are larger
// than those of ATA, and serves it otherwise.
func TestDirectOnLargeSectors(t *testing.T) {
	device := loopDeviceOf(t, make([]byte, 1<<20), 4096, os.O_RDWR)
	_, err := ata.OpenFile(device, ata.Options{Direct: true})
	want := "-d needs direct I/O in sectors of 512 bytes, but " + device + " has blocks of 4096 bytes; leave -d out"
	if err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
	f := openFile(t, device, ata.Options{})
	write(t, f, 3*ata.SectorSize, pattern(ata.SectorSize, 1))
	holds(t, f, 3*ata.SectorSize, pattern(ata.SectorSize, 1))
}

// TestDirectOnLargeBlocks does the same with a file on a file system of such a
// disk.
func TestDirectOnLargeBlocks(t *testing.T) {
	mkfs := lab.Need(t, "mkfs.ext4", "e2fsprogs")
	device := loopDeviceOf(t, make([]byte, 8<<20), 4096, os.O_RDWR)
	if out, err := exec.Command(mkfs, "-q", "-O", "^has_journal", device).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
	dir := t.TempDir()
	path := dir + "/disk"
	var mount, direct, plain error
	onOwnThread(func() {
		if mount = mountPrivately(device, dir, "ext4", 0); mount != nil {
			return
		}
		defer unix.Unmount(dir, 0)
		if mount = os.WriteFile(path, make([]byte, 1<<20), 0o600); mount != nil {
			return
		}
		_, direct = ata.OpenFile(path, ata.Options{Direct: true})
		var f *ata.File
		if f, plain = ata.OpenFile(path, ata.Options{}); plain == nil {
			f.Close()
		}
	})
	if mount != nil {
		lab.Skip(t, "a mount namespace with ext4 in it: "+mount.Error(), "run as root")
	}
	want := "-d needs direct I/O in sectors of 512 bytes, but " + path + " has blocks of 4096 bytes; leave -d out"
	if direct == nil || direct.Error() != want {
		t.Errorf("got %v; want %s", direct, want)
	}
	noError(t, plain)
}

// TestEmptyDevice opens a block device without a medium.
func TestEmptyDevice(t *testing.T) {
	device := loopDevice(t, nil)
	_, err := ata.OpenFile(device, ata.Options{})
	if want := device + " holds 0 bytes, less than one sector of 512; is there a medium, or a file attached to it?"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

// TestReadOnlyDevice opens a block device that is read-only, which the kernel
// does not refuse.
func TestReadOnlyDevice(t *testing.T) {
	device := loopDeviceOf(t, frametest.Content(0, frametest.Sectors), ata.SectorSize, os.O_RDONLY)
	_, err := ata.OpenFile(device, ata.Options{})
	if want := "open " + device + ": the device is read-only (-r exports it read-only)"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
	f := openFile(t, device, ata.Options{ReadOnly: true})
	readAll(t, f, 0, storeSize)
}
