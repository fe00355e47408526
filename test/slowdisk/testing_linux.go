// SPDX-License-Identifier: GPL-2.0-only

package slowdisk

import (
	"testing"

	"vblade/test/lab"
)

// TestDisk makes a slow disk of a size, in bytes, for the length of a test, or skips
// the test where the user may not.
func TestDisk(t testing.TB, size int64) *Disk {
	t.Helper()
	d, err := Mount(Options{Size: size})
	if err != nil {
		lab.Skip(t, "a FUSE mount: "+err.Error(), "run as root, with /dev/fuse")
	}
	t.Cleanup(func() { d.Close() })
	return d
}
