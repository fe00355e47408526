// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"strings"
	"testing"
)

// readOnly is an export with -r: its files can be read, nothing can be
// written, and a refused write leaves the blade usable.
func (s *site) readOnly(t *testing.T) {
	disk := ext4Disk(t, "test.txt", "hooray\n")
	before := sumOfFile(t, disk)
	g := s.guest(t, "tap0", 1500)
	b := s.export(t, "-r", "9", "0", "tap0", disk)
	b.says("e9.0, 32768 sectors O_RDONLY")

	g.run("modprobe aoe aoe_iflist=eth0")
	g.appears("etherd/e9.0")
	g.run("mount -t ext4 -o ro /dev/etherd/e9.0 /mnt")
	if got := g.run("cat /mnt/test.txt"); got != "hooray\n" {
		t.Errorf("test.txt holds %q, want %q", got, "hooray\n")
	}
	g.run("umount /mnt")

	out := g.refuses("dd if=/dev/zero of=/dev/etherd/e9.0 bs=4k count=1 conv=fsync")
	if want := "Input/output error"; !strings.Contains(out, want) {
		t.Errorf("the write failed with %q, want %q", out, want)
	}
	g.run("echo 3 > /proc/sys/vm/drop_caches; e2fsck -fn /dev/etherd/e9.0")
	b.stop()
	if after := sumOfFile(t, disk); after != before {
		t.Errorf("the exported file changed: its sum was %s and is %s", before, after)
	}
}
