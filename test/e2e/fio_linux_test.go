// SPDX-License-Identifier: GPL-2.0-only

package e2e

import "testing"

// fioJob is a load that checks itself: random reads and writes of mixed sizes,
// 16 at a time, past the guest's page cache, all that was written read again
// and compared. It ends at the first wrong byte.
const fioJob = "fio --name=mixed --ioengine=libaio --direct=1 --iodepth=16 --rw=randrw --rwmixread=30" +
	" --bsrange=512-64k --blockalign=512 --size=32m --norandommap --randrepeat=0" +
	" --verify=crc32c --verify_fatal=1 --verify_backlog=64 --minimal "

// verifies has fio use a disk raw, then with a file system on it, on a wire of
// the given MTU (bytes).
func (s *site) verifies(mtu int) func(*testing.T) {
	return func(t *testing.T) {
		disk := emptyDisk(t, 64<<20)
		g := s.guest(t, "tap0", mtu)
		s.export(t, "9", "0", "tap0", disk)
		g.run("modprobe aoe aoe_iflist=eth0")
		g.appears("etherd/e9.0")

		g.run(fioJob + "--filename=/dev/etherd/e9.0")

		g.run("mkfs -t ext4 -q /dev/etherd/e9.0; mount -t ext4 /dev/etherd/e9.0 /mnt")
		g.run(fioJob + "--directory=/mnt")
		g.run("umount /mnt; e2fsck -fn /dev/etherd/e9.0")
	}
}
