// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// noticeLimit bounds how long a vblade takes to notice that its disk has grown. It looks
// every 2 seconds.
const noticeLimit = 30 * time.Second

// grows has a disk grow and shrink: the driver takes in the size of one that nobody
// has open by itself, and that of one that is open when it is told to revalidate it,
// or once it is closed; a file system can be enlarged while it is mounted.
func (s *site) grows(t *testing.T) {
	disk := emptyDisk(t, 64<<20)
	g := s.guest(t, "tap0", 1500)
	b := s.export(t, "9", "0", "tap0", disk)
	resize := func(was, now int) {
		t.Helper()
		if err := os.Truncate(disk, int64(now)<<20); err != nil {
			t.Fatal(err)
		}
		b.logs(fmt.Sprintf("e9.0: the disk has %d sectors now, not %d", now<<11, was<<11))
	}

	g.run("modprobe aoe aoe_iflist=eth0")
	g.appears("etherd/e9.0")
	resize(64, 96)
	g.becomes(96)
	resize(96, 80)
	g.becomes(80)

	g.run("mkfs -t ext4 -q /dev/etherd/e9.0; mount -t ext4 /dev/etherd/e9.0 /mnt; echo hooray > /mnt/test.txt")
	resize(80, 128)
	g.run("aoe-discover; aoe-stat")
	if got, want := g.size(), 80<<11; got != want {
		t.Errorf("a disk that is mounted has %d sectors at once; %d before it is revalidated: the documentation is wrong", got, want)
	}
	g.run("aoe-revalidate e9.0")
	g.becomes(128)
	g.run("resize2fs /dev/etherd/e9.0; test $(df -k /mnt | awk 'END { print $2 }') -gt 100000")
	resize(128, 160)
	g.run("umount /mnt")
	g.becomes(160)
	g.run("e2fsck -fn /dev/etherd/e9.0; mount -t ext4 /dev/etherd/e9.0 /mnt; grep hooray /mnt/test.txt; umount /mnt")
}

// size returns how many sectors the driver says that e9.0 has, which does not open it.
func (sh *shell) size() (sectors int) {
	sh.t.Helper()
	if _, err := fmt.Sscan(sh.run("cat '/sys/block/etherd!e9.0/size'"), &sectors); err != nil {
		sh.t.Fatal(err)
	}
	return sectors
}

// becomes waits until the driver says that e9.0 has so many MiB.
func (sh *shell) becomes(mib int) {
	sh.t.Helper()
	script := fmt.Sprintf("for i in $(seq 300); do [ $(cat '/sys/block/etherd!e9.0/size') = %d ] && exit; sleep 0.1; done; exit 1", mib<<11)
	if _, status := sh.try(script); status != 0 {
		sh.t.Errorf("e9.0 has %d sectors, want %d", sh.size(), mib<<11)
	}
}

// logs waits until the blade has said a line on standard error.
func (b *blade) logs(want string) {
	b.t.Helper()
	late := time.After(noticeLimit)
	for {
		text, more := b.process.stderr.read()
		if strings.Contains(text, want+"\n") {
			return
		}
		select {
		case <-more:
		case <-late:
			b.t.Fatalf("vblade does not say %q within %v; it printed: %s", want, noticeLimit, text)
		}
	}
}
