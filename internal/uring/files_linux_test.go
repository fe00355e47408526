// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// reopen opens a file of the test again, or skips the test.
func reopen(t *testing.T, path string, flags int) int {
	t.Helper()
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
	if err != nil {
		lab.Skip(t, path+": "+err.Error(), "run as root, with TMPDIR on a file system that has O_DIRECT")
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

// memoryFile makes a file in memory of so many bytes.
func memoryFile(t *testing.T, size int64) *os.File {
	t.Helper()
	f, err := os.CreateTemp("/dev/shm", "uring-")
	if err != nil {
		lab.Skip(t, err.Error(), "mount a tmpfs on /dev/shm")
	}
	t.Cleanup(func() { os.Remove(f.Name()); f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	return f
}

// loopDevice makes a loop device over a file in memory, or skips the test.
func loopDevice(t *testing.T) string {
	t.Helper()
	return lab.LoopDeviceOf(t, memoryFile(t, 1<<20), 512).Name()
}

// TestDirect writes and reads past the page cache: a file, and a loop device.
func TestDirect(t *testing.T) {
	f, _ := testFile(t, 1<<20)
	for name, path := range map[string]string{"file": f.Name(), "loop device": loopDevice(t)} {
		t.Run(name, func(t *testing.T) {
			r := newTestRing(t, 64)
			fd, area := reopen(t, path, unix.O_RDWR|unix.O_DIRECT), mapped(t, 64*4096)
			vecs := make([][1]Vec, 64)
			for i := range vecs {
				block := area[i*4096 : (i+1)*4096]
				copy(block, bytes.Repeat([]byte{byte(i + 1)}, 4096))
				vecs[i][0] = VecOf(block)
				r.Writev(uint64(i), fd, vecs[i][:], int64(i)*4096)
			}
			for i, result := range finish(t, r, 64) {
				if result != 4096 {
					t.Fatalf("write %d: result %d", i, result)
				}
			}
			clear(area)
			for i := range vecs {
				r.Readv(uint64(i), fd, vecs[i][:], int64(i)*4096)
			}
			finish(t, r, 64)
			for i := range vecs {
				if b := area[i*4096 : (i+1)*4096]; b[0] != byte(i+1) || b[4095] != byte(i+1) {
					t.Errorf("block %d holds %d, want %d", i, b[0], i+1)
				}
			}
			r.Readv(99, fd, []Vec{VecOf(area[1:513])}, 0)
			if got := finish(t, r, 1)[99]; got != -int32(unix.EINVAL) && got != 512 { // 6.1 and newer: some disks take any address
				t.Errorf("a read to an odd address: result %d", got)
			}
		})
	}
}

// TestProbe finds out how each kind of file behaves.
func TestProbe(t *testing.T) {
	f, _ := testFile(t, 4096)
	var fs unix.Statfs_t
	if err := unix.Fstatfs(int(f.Fd()), &fs); err != nil || fs.Type != unix.EXT4_SUPER_MAGIC && fs.Type != unix.XFS_SUPER_MAGIC {
		lab.Skip(t, "a temporary directory on ext4 or xfs", "set TMPDIR")
	}
	device := loopDevice(t)
	for _, c := range []struct {
		name, path string
		flags      int
		want       Access
	}{
		{"file", f.Name(), unix.O_RDWR, AsyncReads},
		{"read-only file", f.Name(), unix.O_RDONLY, AsyncReads},
		{"file, direct", f.Name(), unix.O_RDWR | unix.O_DIRECT, Async},
		{"loop device", device, unix.O_RDWR, AsyncReads},
		{"loop device, direct", device, unix.O_RDWR | unix.O_DIRECT, Async},
		{"file in memory", memoryFile(t, 4096).Name(), unix.O_RDWR, Waits},
	} {
		if got, err := Probe(reopen(t, c.path, c.flags)); got != c.want || err != nil {
			t.Errorf("%s: %v (%v), want %v", c.name, got, err, c.want)
		}
	}
	if got, err := Probe(-1); got != Waits || !errors.Is(err, unix.EBADF) {
		t.Errorf("no file: %v, %v", got, err)
	}
}

// TestHang probes a disk that does not answer, reads it, and closes the ring over
// it within the limit.
func TestHang(t *testing.T) {
	r := newTestRing(t, 8)
	d, device := slowdisk.TestDevice(t, 1<<20)
	file := reopen(t, d.Path(), unix.O_RDWR|unix.O_DIRECT)
	fd := reopen(t, device, unix.O_RDWR|unix.O_DIRECT)
	before := d.Entered(slowdisk.Read)
	d.Hang(slowdisk.Read)
	defer d.Release(slowdisk.Read)
	if got, err := Probe(file); got != Waits || err != nil {
		t.Errorf("probe of the FUSE file: %v (%v), want %v", got, err, Waits)
	}
	if got, err := Probe(fd); got != Async || err != nil {
		t.Errorf("probe of the device: %v (%v), want %v", got, err, Async)
	}
	r.Readv(1, fd, []Vec{VecOf(mapped(t, 4096))}, 0)
	if err := r.Enter(1, time.Millisecond); err != nil || r.Ready() {
		t.Fatalf("enter: %v, ready %v", err, r.Ready())
	}
	if !d.Await(slowdisk.Read, before+1, 10*time.Second) {
		t.Fatal("the read has not come to the disk")
	}
	start := time.Now()
	err := r.Close(100 * time.Millisecond)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("close took %v", took)
	}
	if !errors.Is(err, errInFlight) {
		t.Errorf("close: %v, want %v", err, errInFlight)
	}
}

// TestErrorOfDisk reads bad sectors among good ones.
func TestErrorOfDisk(t *testing.T) {
	const distance = 1 << 16 // bytes: the kernel does not merge the reads
	r := newTestRing(t, 8)
	d, device := slowdisk.TestDevice(t, 1<<20)
	d.SetBadSectors(distance/512, 8, unix.EIO)
	fd, area := reopen(t, device, unix.O_RDWR|unix.O_DIRECT), mapped(t, 3*4096)
	vecs := make([][1]Vec, 3)
	for i := range vecs {
		vecs[i][0] = VecOf(area[i*4096 : (i+1)*4096])
		r.Readv(uint64(i), fd, vecs[i][:], int64(i)*distance)
	}
	results := finish(t, r, 3)
	want(t, results, 0, 4096)
	want(t, results, 1, -int32(unix.EIO))
	want(t, results, 2, 4096)
}
