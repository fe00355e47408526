// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// faultyDevice makes a block device, with a page cache before it, of a slow disk.
func faultyDevice(t *testing.T) (string, *slowdisk.Disk) {
	t.Helper()
	d := slowdisk.TestDisk(t, 1<<20)
	return lab.LoopDevice(t, d.Path()).Name(), d
}

// TestLostWrites loses writes behind the page cache. The kernel tells of it
// once, but no later Sync succeeds, until the device is opened again.
func TestLostWrites(t *testing.T) {
	device, disk := faultyDevice(t)
	f := openFile(t, device, ata.Options{})
	write(t, f, 0, pattern(4096, 1))
	noError(t, f.Sync())
	disk.SetError(slowdisk.Write, unix.EIO)
	write(t, f, 0, pattern(4096, 2))
	if err := f.Sync(); !errors.Is(err, ata.ErrLost) || !errors.Is(err, unix.EIO) {
		t.Errorf("a sync that loses a write: %v", err)
	}
	disk.SetError(slowdisk.Write, 0)
	write(t, f, 4096, pattern(4096, 3))
	for range 3 {
		if err := f.Sync(); !errors.Is(err, ata.ErrLost) || !errors.Is(err, unix.EIO) {
			t.Errorf("a sync after one that failed: %v", err)
		}
	}
	f = openFile(t, device, ata.Options{})
	write(t, f, 0, pattern(4096, 4))
	noError(t, f.Sync())
}

// TestSyncsAtOnce has many wait for a Sync that loses writes: all hear of it.
func TestSyncsAtOnce(t *testing.T) {
	device, disk := faultyDevice(t)
	f := openFile(t, device, ata.Options{})
	disk.SetError(slowdisk.Write, unix.EIO)
	write(t, f, 0, pattern(4096, 2))
	errs := make(chan error)
	const n = 8
	for range n {
		go func() { errs <- f.Sync() }()
	}
	for range n {
		if err := <-errs; !errors.Is(err, ata.ErrLost) {
			t.Errorf("one of %d syncs: %v", n, err)
		}
	}
}

// TestDuplicateHears has a File hear of the loss of what was written by a Duplicate
// of it: the Duplicate hears of it, too.
func TestDuplicateHears(t *testing.T) {
	device, disk := faultyDevice(t)
	f := openFile(t, device, ata.Options{})
	d := duplicateOf(t, f)
	disk.SetError(slowdisk.Write, unix.EIO)
	write(t, d, 0, pattern(4096, 2))
	if err := f.Sync(); !errors.Is(err, ata.ErrLost) {
		t.Errorf("a sync that loses a write: %v", err)
	}
	if err := d.Sync(); !errors.Is(err, ata.ErrLost) {
		t.Errorf("that of the Duplicate, later: %v", err)
	}
}

// TestDuplicateHearsInBatches is TestDuplicateHears for batches.
func TestDuplicateHearsInBatches(t *testing.T) {
	device, disk := faultyDevice(t)
	f := openFile(t, device, ata.Options{Sync: true, Writers: 3})
	d := duplicateOf(t, f)
	disk.SetError(slowdisk.Write, unix.EIO)
	a, b := f.Begin(), d.Begin()
	_, err := b.WriteAt([][]byte{pattern(4096, 2)}, 0)
	noError(t, err)
	if err := a.Commit(); !errors.Is(err, unix.EIO) {
		t.Errorf("a batch that finds the loss of another one: %v", err)
	}
	if err := b.Commit(); !errors.Is(err, unix.EIO) {
		t.Errorf("that other one: %v", err)
	}
}

// duplicateOf returns a Duplicate for the length of a test.
func duplicateOf(t *testing.T, f *ata.File) *ata.File {
	t.Helper()
	d, err := f.Duplicate()
	noError(t, err)
	t.Cleanup(func() { noError(t, d.Close()) })
	return d
}

// TestWriteThroughTellsItsOwn writes through the cache to good and to bad pages,
// several at once: the kernel tells the failure of one to whoever asks first.
// No write to a bad page may succeed, and none to a good one fail when no other
// does at the time.
func TestWriteThroughTellsItsOwn(t *testing.T) {
	const writers, page, rounds = 6, 4096, 100
	device, disk := faultyDevice(t)
	f := openFile(t, device, ata.Options{Sync: true, Writers: writers})
	disk.SetBadSectors(0, page/ata.SectorSize, unix.EIO) // the first page
	var all sync.WaitGroup
	var lies atomic.Int32
	for w := range writers {
		all.Add(1)
		go func() {
			defer all.Done()
			for r := range rounds {
				_, err := f.WriteAt([][]byte{pattern(page, byte(r))}, int64(w)*page)
				if w == 0 && err == nil {
					lies.Add(1)
				}
			}
		}()
	}
	all.Wait()
	if n := lies.Load(); n > 0 {
		t.Errorf("%d of %d writes to a bad page succeeded", n, rounds)
	}
	for w := range 2 * writers { // by each of the openings
		write(t, f, page, pattern(page, byte(w)))
		if _, err := f.WriteAt([][]byte{pattern(page, 1)}, 0); !errors.Is(err, unix.EIO) {
			t.Errorf("a write to the bad page: %v", err)
		}
	}
	disk.SetBadSectors(0, 0, 0)
	noError(t, f.Sync())
	write(t, f, 0, pattern(page, 1))
}

// TestBatchTellsLosses has batches lose writes behind the page cache: the Commit of
// each fails. That of others may fail, too, but not for long.
func TestBatchTellsLosses(t *testing.T) {
	const page, writers = 4096, 3
	device, disk := faultyDevice(t)
	f := openFile(t, device, ata.Options{Sync: true, Writers: writers})
	if f.Batches() == 0 {
		t.Fatal("writes with Sync are not done in batches")
	}
	disk.SetBadSectors(0, page/ata.SectorSize, unix.EIO) // the first page
	commit := func(content byte, pages ...int64) error {
		b := f.Begin()
		for _, p := range pages {
			_, err := b.WriteAt([][]byte{pattern(page, content)}, p*page)
			noError(t, err)
		}
		return b.Commit()
	}
	for round := range byte(20) {
		if err := commit(round, 0, 2, 7); !errors.Is(err, unix.EIO) {
			t.Errorf("round %d: a batch with a bad page: %v", round, err)
		}
		err := errors.New("not tried")
		for tries := 0; err != nil && tries <= writers; tries++ {
			err = commit(round+100, 1, 2, 7)
		}
		got := make([]byte, page)
		disk.Content(got, 7*page)
		if err != nil || !bytes.Equal(got, pattern(page, round+100)) {
			t.Errorf("round %d: a batch without a bad page: %v; it is on the disk is %v", round, err, bytes.Equal(got, pattern(page, round+100)))
		}
	}
}

// TestExpect expects writes of whole pages and of parts: of the others the rest is
// read, before anything is written.
func TestExpect(t *testing.T) {
	const page, sector = 4096, ata.SectorSize
	device, disk := faultyDevice(t)
	f := openFile(t, device, ata.Options{Sync: true})
	b := f.Begin()
	before := disk.Entered(slowdisk.Read)
	for _, c := range []struct{ off, n, reads int64 }{
		{0, page, 0},
		{8 * page, 2 * page, 0},
		{20*page + sector, sector, 1},
		{30*page + 7*sector, 2 * sector, 2},
		{40 * page, page + sector, 1},
		{50*page - sector, page + sector, 1},
	} {
		b.Expect(split(make([]byte, c.n), 1), c.off)
		before += c.reads
		for tries := 0; tries < 1000 && disk.Entered(slowdisk.Read) < before; tries++ {
			time.Sleep(time.Millisecond)
		}
		if got := disk.Entered(slowdisk.Read); got != before {
			t.Fatalf("%d bytes at %d: %d reads; want %d", c.n, c.off, got-before+c.reads, c.reads)
		}
	}
	noError(t, b.Commit())
}

// TestSerialFiles tells which files are written in batches.
func TestSerialFiles(t *testing.T) {
	device, disk := faultyDevice(t)
	file := newFile(t, make([]byte, 1<<20))
	if err := openFile(t, file, ata.Options{}).TryReadAt([][]byte{make([]byte, 1)}, 0); errors.Is(err, errors.ErrUnsupported) {
		lab.Skip(t, "RWF_NOWAIT on the file system of "+file, "set TMPDIR to a directory on ext4 or xfs")
	}
	for _, c := range []struct {
		path string
		o    ata.Options
		want bool
	}{
		{file, ata.Options{}, true},
		{file, ata.Options{Sync: true}, true},
		{file, ata.Options{ReadOnly: true}, false},
		{file, ata.Options{Direct: true}, false},
		{file, ata.Options{Direct: true, Sync: true}, false},
		{device, ata.Options{}, false},
		{device, ata.Options{Sync: true}, true},
		{disk.Path(), ata.Options{}, false}, // FUSE
		{disk.Path(), ata.Options{Sync: true}, false},
	} {
		if got := openFile(t, c.path, c.o).Batches() > 0; got != c.want {
			t.Errorf("%s, %+v: in batches is %v", c.path, c.o, got)
		}
	}
}

// TestSyncThrough fails a sync of what was written through: it is one failure,
// for nothing that was answered is lost by it.
func TestSyncThrough(t *testing.T) {
	d := slowdisk.TestDisk(t, 1<<20)
	f := openFile(t, d.Path(), ata.Options{Sync: true})
	d.SetError(slowdisk.Sync, unix.EIO)
	if err := f.Sync(); !errors.Is(err, unix.EIO) || errors.Is(err, ata.ErrLost) {
		t.Errorf("a sync that fails: %v", err)
	}
	d.SetError(slowdisk.Sync, 0)
	noError(t, f.Sync())
	write(t, f, 0, pattern(512, 1))
}

// fit has a loop device take the size of its file.
func fit(t *testing.T, device string) {
	t.Helper()
	if err := exec.Command(lab.Need(t, "losetup", "mount"), "-c", device).Run(); err != nil {
		lab.Skip(t, "the right to resize a loop device: losetup -c: "+err.Error(), "run as root")
	}
}

// TestDeviceResized changes the size of a block device.
func TestDeviceResized(t *testing.T) {
	file := newFile(t, make([]byte, 1<<20))
	device := lab.LoopDevice(t, file).Name()
	f := openFile(t, device, ata.Options{})
	for _, size := range []int64{2 << 20, 1 << 19} {
		noError(t, os.Truncate(file, size))
		fit(t, device)
		if n, err := identified(t, f); n != size/512 || err != nil {
			t.Errorf("%d sectors, %v; want %d", n, err, size/512)
		}
	}
}

// TestDeviceEmptied takes the size away from a block device, as the kernel does
// when a disk is pulled out: what was known stands.
func TestDeviceEmptied(t *testing.T) {
	file := newFile(t, make([]byte, 1<<20))
	device := lab.LoopDevice(t, file).Name()
	f := openFile(t, device, ata.Options{})
	noError(t, os.Truncate(file, 0))
	fit(t, device)
	n, err := identified(t, f)
	if want := "find the size of " + device + ": the device is gone or empty"; n != 2048 || err == nil || err.Error() != want {
		t.Errorf("%d sectors, %v; want 2048 and %s", n, err, want)
	}
	if n, err := f.ReadAt([][]byte{make([]byte, 512)}, 0); n != 0 || err == nil {
		t.Errorf("a read of a device that is gone: %d bytes, %v", n, err)
	}
	if n, err := f.WriteAt([][]byte{make([]byte, 512)}, 0); n != 0 || err == nil {
		t.Errorf("a write of a device that is gone: %d bytes, %v", n, err)
	}
	noError(t, os.Truncate(file, 1<<20))
	fit(t, device)
	if n, err := identified(t, f); n != 2048 || err != nil {
		t.Errorf("as it was, it has %d sectors, %v", n, err)
	}
	write(t, f, 0, pattern(512, 1))
}

// TestDeviceNode names a device by another node than before, and another device.
func TestDeviceNode(t *testing.T) {
	first, second := loopDevice(t, make([]byte, 1<<20)), loopDevice(t, make([]byte, 1<<20))
	link := t.TempDir() + "/disk"
	noError(t, os.Symlink(first, link))
	f := openFile(t, link, ata.Options{})
	var st unix.Stat_t
	noError(t, unix.Stat(first, &st))
	noError(t, os.Remove(link))
	if err := unix.Mknod(link, unix.S_IFBLK|0o600, int(st.Rdev)); err != nil {
		lab.Skip(t, "the right to make a device node: "+err.Error(), "run as root")
	}
	if n, err := identified(t, f); n != 2048 || err != nil {
		t.Errorf("by another node of the device: %d sectors, %v", n, err)
	}
	noError(t, os.Remove(link))
	noError(t, os.Symlink(second, link))
	n, err := identified(t, f)
	want := link + ": the name leads to another device now, or to none; restart vblade to serve that"
	if n != 2048 || err == nil || err.Error() != want {
		t.Errorf("%d sectors, %v; want %s", n, err, want)
	}
}

// TestRefreshMayNotLook looks for the name of a file in a directory that the user
// may not search: that says nothing of the file.
func TestRefreshMayNotLook(t *testing.T) {
	path := newFile(t, make([]byte, 10*512))
	f := openFile(t, path, ata.Options{})
	noError(t, os.Chmod(filepath.Dir(path), 0))
	t.Cleanup(func() { os.Chmod(filepath.Dir(path), 0o700) })
	var stat, err error
	onOwnThread(func() {
		if err = dropCapabilities(unix.CAP_DAC_OVERRIDE, unix.CAP_DAC_READ_SEARCH); err == nil {
			_, stat = os.Stat(path)
			err = f.Refresh()
		}
	})
	if err != nil || !errors.Is(stat, unix.EACCES) {
		t.Errorf("%v, where a look ends with %v", err, stat)
	}
}
