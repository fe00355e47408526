// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"bytes"
	"strings"
	"testing"

	"vblade/test/lab"
)

// keepsFiles is the story that vblade's README has always told, on a wire of
// the given MTU (bytes): a sparse file of 4 GiB and two sectors behind a loop
// device, which an initiator formats, mounts and fills. payload is how many
// bytes of data the driver is to put into a frame.
func (s *site) keepsFiles(mtu int, payload string) func(*testing.T) {
	return func(t *testing.T) {
		disk := emptyDisk(t, 8388610*512)
		loop := lab.LoopDevice(t, disk)
		g := s.guest(t, "tap0", mtu)
		b := s.export(t, "9", "0", "tap0", loop.Name())
		b.says("e9.0, 8388610 sectors O_RDWR")

		g.run("modprobe aoe aoe_iflist=eth0")
		g.appears("etherd/e9.0")
		want := "e9.0 4.294GB eth0 " + payload + " up"
		if got := strings.Join(strings.Fields(g.run("aoe-stat")), " "); got != want {
			t.Errorf("aoe-stat shows %q, want %q", got, want)
		}

		g.run("mkfs -t ext3 /dev/etherd/e9.0")
		g.run("mkdir -p /mnt/e9.0; mount -t ext3 /dev/etherd/e9.0 /mnt/e9.0")
		g.run("echo hooray > /mnt/e9.0/test.txt")
		g.run("dd if=/dev/urandom of=/mnt/e9.0/data bs=1M count=4")
		written := g.sum("/mnt/e9.0/data")

		g.run("umount /mnt/e9.0; echo 3 > /proc/sys/vm/drop_caches")
		g.run("mount -t ext3 /dev/etherd/e9.0 /mnt/e9.0")
		if got := g.run("cat /mnt/e9.0/test.txt"); got != "hooray\n" {
			t.Errorf("after mounting again test.txt holds %q, want %q", got, "hooray\n")
		}
		g.holds("/mnt/e9.0/data", written)
		g.run("umount /mnt/e9.0; e2fsck -fn /dev/etherd/e9.0")

		b.stop()
		loop.Close()
		if got := fileInImage(t, disk, "/test.txt"); string(got) != "hooray\n" {
			t.Errorf("in the exported file test.txt holds %q, want %q", got, "hooray\n")
		}
		if got := sum(t, bytes.NewReader(fileInImage(t, disk, "/data"))); got != written {
			t.Errorf("in the exported file the data has the sum %s, want %s", got, written)
		}
	}
}

// partitions is a blade used as a disk is: one partition that takes all of it,
// with the file system in the partition.
func (s *site) partitions(t *testing.T) {
	disk := emptyDisk(t, 64<<20)
	g := s.guest(t, "tap0", 1500)
	s.export(t, "9", "0", "tap0", disk)

	g.run("modprobe aoe aoe_iflist=eth0")
	g.appears("etherd/e9.0")
	g.run(`printf '%s\n' o n p 1 2048 '' w | fdisk /dev/etherd/e9.0`)
	g.appears("etherd/e9.0p1")
	if got, want := g.run("blockdev --getsz /dev/etherd/e9.0p1"), "129024\n"; got != want {
		t.Errorf("the partition has %s sectors, want %s", got, want)
	}

	g.run("mkfs -t ext3 -q /dev/etherd/e9.0p1")
	g.run("mount -t ext3 /dev/etherd/e9.0p1 /mnt; echo hooray > /mnt/test.txt; umount /mnt")
	g.unloads()
	g.run("modprobe aoe aoe_iflist=eth0")
	g.appears("etherd/e9.0p1")
	g.run("mount -t ext3 /dev/etherd/e9.0p1 /mnt")
	if got := g.run("cat /mnt/test.txt"); got != "hooray\n" {
		t.Errorf("on the partition test.txt holds %q, want %q", got, "hooray\n")
	}
	g.run("umount /mnt; e2fsck -fn /dev/etherd/e9.0p1")
}
