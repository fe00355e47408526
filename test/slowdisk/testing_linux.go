// SPDX-License-Identifier: GPL-2.0-only

package slowdisk

import (
	"testing"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
)

// TestDisk makes a slow disk of a size, in bytes, for the length of a test, or skips
// the test where the user may not.
func TestDisk(t testing.TB, size int64) *Disk {
	t.Helper()
	return testDisk(t, Options{Size: size})
}

// testDisk is TestDisk with options.
func testDisk(t testing.TB, o Options) *Disk {
	t.Helper()
	d, err := Mount(o)
	if err != nil {
		lab.Skip(t, "a FUSE mount: "+err.Error(), "run as root, with /dev/fuse")
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// TestDevice is TestDisk with a loop device over the disk, whose path it returns. The
// device has as many reads and writes outstanding on the disk as it is given.
func TestDevice(t testing.TB, size int64) (d *Disk, device string) {
	t.Helper()
	d = testDisk(t, Options{Size: size, Async: true})
	loop := lab.LoopDevice(t, d.Path())
	if err := unix.IoctlSetInt(int(loop.Fd()), unix.LOOP_SET_DIRECT_IO, 1); err != nil {
		lab.Skip(t, "direct I/O of a loop device: "+err.Error(), "run on Linux 6.1 or newer")
	}
	return d, loop.Name()
}
