// SPDX-License-Identifier: GPL-2.0-only

package slowdisk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
)

// testSize is the size of the tests' disks in bytes: more than any memory.
const testSize = 1 << 40

// open mounts a slow disk for the length of a test and opens it.
func open(t testing.TB, o Options, flags int) (*Disk, *os.File) {
	t.Helper()
	d, err := Mount(o)
	if err != nil {
		lab.Skip(t, "a FUSE mount: "+err.Error(), "run as root, with /dev/fuse")
	}
	f, err := os.OpenFile(d.Path(), os.O_RDWR|flags, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		f.Close()
		if err := d.Close(); err != nil {
			t.Error(err)
		}
		d.Wait()
	})
	return d, f
}

// buffer returns a buffer that direct I/O takes.
func buffer(size int) []byte {
	b := make([]byte, size+4096)
	skip := -int(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) & 4095
	return b[skip : skip+size]
}

// TestContent reads the pattern and what was written over it, by every way to
// open the disk.
func TestContent(t *testing.T) {
	for _, o := range []Options{{Size: testSize}, {Size: testSize, Cached: true}} {
		for _, flags := range []int{0, syscall.O_DIRECT} {
			t.Run(fmt.Sprintf("cached %v flags %#x", o.Cached, flags), func(t *testing.T) {
				_, f := open(t, o, flags)
				const off = testSize - 1<<20
				want := make([]byte, 8192)
				for i := 0; i < len(want); i += sectorSize {
					binary.LittleEndian.PutUint64(want[i:], uint64(off+int64(i))/sectorSize)
				}
				part := buffer(1024)
				copy(part, bytes.Repeat([]byte{0xa5}, len(part)))
				copy(want[1536:], part)
				if _, err := f.WriteAt(part, off+1536); err != nil {
					t.Fatal(err)
				}
				got := buffer(len(want))
				if _, err := f.ReadAt(got, off); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Error("what was read is not what should be there")
				}
			})
		}
	}
}

// TestPattern compares the pattern of pieces with that of the whole.
func TestPattern(t *testing.T) {
	whole := make([]byte, 4*sectorSize)
	const start = 7 << 40
	pattern(whole, start)
	for off := 0; off < len(whole); off += 3 {
		for _, n := range []int{1, 7, 8, 9, 511, 512, 513} {
			part := bytes.Repeat([]byte{0xff}, min(n, len(whole)-off))
			pattern(part, start+int64(off))
			if !bytes.Equal(part, whole[off:off+len(part)]) {
				t.Fatalf("the pattern of %d bytes at %d is wrong", n, off)
			}
		}
	}
}

// operations are the operations with what causes them.
var operations = []struct {
	name string
	op   Op
	run  func(f *os.File) error
}{
	{"read", Read, func(f *os.File) error { _, err := f.ReadAt(buffer(512), 0); return err }},
	{"write", Write, func(f *os.File) error { _, err := f.WriteAt(buffer(512), 0); return err }},
	{"sync", Sync, (*os.File).Sync},
}

// TestDelay delays an operation, and no other.
func TestDelay(t *testing.T) {
	d, f := open(t, Options{Size: testSize}, 0)
	for _, o := range operations {
		const delay = 50 * time.Millisecond
		d.SetDelay(o.op, delay)
		for _, p := range operations {
			begin := time.Now()
			if err := p.run(f); err != nil {
				t.Errorf("%s: %v", p.name, err)
			}
			if took := time.Since(begin); p.op == o.op && took < delay {
				t.Errorf("%s, delayed by %v, took %v", p.name, delay, took)
			}
		}
		d.SetDelay(o.op, 0)
	}
}

// TestError fails an operation for a while.
func TestError(t *testing.T) {
	d, f := open(t, Options{Size: testSize}, 0)
	for _, o := range operations {
		for _, errno := range []syscall.Errno{unix.EIO, unix.ENOSPC, 0} {
			d.SetError(o.op, errno)
			err := o.run(f)
			if errno == 0 && err != nil || errno != 0 && !errors.Is(err, errno) {
				t.Errorf("%s with errno %d: %v", o.name, errno, err)
			}
		}
	}
}

// TestBadSectors reads and writes around bad sectors: what is before them is done.
func TestBadSectors(t *testing.T) {
	d, f := open(t, Options{Size: testSize}, 0)
	d.SetBadSectors(10, 2, unix.EIO)
	calls := map[string]func([]byte, int64) (int, error){
		"read":  func(b []byte, off int64) (int, error) { return unix.Pread(int(f.Fd()), b, off) },
		"write": func(b []byte, off int64) (int, error) { return unix.Pwrite(int(f.Fd()), b, off) },
	}
	for name, call := range calls {
		for _, c := range []struct{ first, n, done int64 }{{9, 1, 1}, {8, 4, 2}, {10, 1, 0}, {11, 4, 0}, {12, 4, 4}} {
			n, err := call(buffer(int(c.n*sectorSize)), c.first*sectorSize)
			if max(0, n) != int(c.done*sectorSize) || (err == unix.EIO) != (c.done == 0) {
				t.Errorf("%s of sectors %d to %d: %d bytes, %v", name, c.first, c.first+c.n-1, n, err)
			}
		}
	}
	d.SetBadSectors(0, 0, 0)
	if n, err := unix.Pread(int(f.Fd()), buffer(sectorSize), 10*sectorSize); n != sectorSize {
		t.Errorf("read of a sector that was bad: %d bytes, %v", n, err)
	}
}

// TestHang hangs an operation until it is released; others go on.
func TestHang(t *testing.T) {
	d, f := open(t, Options{Size: testSize}, 0)
	for _, o := range operations {
		d.Hang(o.op)
		before := d.Entered(o.op)
		done := make(chan error, 1)
		go func() { done <- o.run(f) }()
		for d.Entered(o.op) == before {
			runtime.Gosched()
		}
		other := operations[Read]
		if o.op == Read {
			other = operations[Write]
		}
		if other.run(f) != nil {
			t.Errorf("%s failed while %s hung", other.name, o.name)
		}
		select {
		case err := <-done:
			t.Errorf("%s returned %v while it should hang", o.name, err)
		default:
		}
		d.Release(o.op)
		if err := <-done; err != nil {
			t.Errorf("%s after its release: %v", o.name, err)
		}
	}
}

// TestNothingLeft looks for a mount while a disk is in use.
func TestNothingLeft(t *testing.T) {
	open(t, Options{Size: testSize}, 0)
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), "slowdisk") {
		t.Error("the disk's mount can be seen")
	}
}

// TestConnection shows that a program that this process starts does not get a disk's
// connection.
func TestConnection(t *testing.T) {
	open(t, Options{Size: testSize}, 0)
	fds, err := connections()
	if err != nil || len(fds) == 0 {
		t.Errorf("descriptors of /dev/fuse: %v (%v), want at least one", fds, err)
	}
	for _, fd := range fds {
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d of /dev/fuse has flags %#x (%v), want FD_CLOEXEC", fd, flags, err)
		}
	}
}

// BenchmarkRead reads a disk of 1 ms with many threads at once: requests a
// second should be near a thousand for each thread.
func BenchmarkRead(b *testing.B) {
	for _, threads := range []int{1, 16, 32, 64} {
		b.Run(fmt.Sprint(threads), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4 * threads))
			d, f := open(b, Options{Size: testSize}, syscall.O_DIRECT)
			d.SetDelay(Read, time.Millisecond)
			var next atomic.Int64
			b.ResetTimer()
			done := make(chan struct{})
			for range threads {
				go func() {
					buf := buffer(1024)
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						if _, err := f.ReadAt(buf, n*7919*1024%testSize); err != nil {
							b.Error(err)
						}
					}
					done <- struct{}{}
				}()
			}
			for range threads {
				<-done
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
		})
	}
}

// TestDeviceHangs has one of many reads of a device hang that are outstanding at once.
func TestDeviceHangs(t *testing.T) {
	const reads = 20
	d, device := TestDevice(t, 1<<20)
	d.SetContent(bytes.Repeat([]byte{7}, sectorSize), 16*sectorSize)
	f, err := os.OpenFile(device, os.O_RDWR|syscall.O_DIRECT, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	before := d.Entered(Read)
	d.HangSectors(Read, 16, 1)
	hung, others := make(chan error, 1), make(chan error, reads)
	bufs := make([][]byte, reads)
	for i := range bufs {
		bufs[i] = buffer(2 * sectorSize)
		done := others
		if i == 2 {
			done = hung
		}
		go func() {
			_, err := f.ReadAt(bufs[i], int64(i)*8*sectorSize-sectorSize*int64(min(i, 1)))
			done <- err
		}()
	}
	for range reads - 1 {
		if err := <-others; err != nil {
			t.Error(err)
		}
	}
	if !d.Await(Read, before+reads, 10*time.Second) {
		t.Fatal("not every read has come to the disk")
	}
	select {
	case err := <-hung:
		t.Errorf("the read that should hang returned %v", err)
	default:
	}
	d.Release(Read)
	if err := <-hung; err != nil {
		t.Error(err)
	}
	want := buffer(2 * sectorSize)
	if d.Content(want, 15*sectorSize); want[sectorSize] != 7 || !bytes.Equal(bufs[2], want) {
		t.Error("what was read is not what the disk holds")
	}
}
