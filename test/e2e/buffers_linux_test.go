// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"strings"
	"testing"
)

// buffers has three blades: the driver does not use the one of 1 buffer, and uses
// the others, the one of an odd number of sectors in blocks of 512 bytes. vblade
// warned of both. e9.2 starts after the driver has asked e9.0, so that what it
// does with that is decided when e9.2 appears.
func (s *site) buffers(t *testing.T) {
	g := s.guest(t, "tap0", 1500)
	one := s.export(t, "-b", "1", "9", "0", "tap0", emptyDisk(t, 1<<20))
	disk := randomDisk(t, 1<<20, 7)
	s.export(t, "-b", "2", "9", "1", "tap0", disk)
	g.run("modprobe aoe aoe_iflist=eth0")
	g.appears("etherd/e9.1")
	g.run("aoe-discover")

	odd := s.export(t, "9", "2", "tap0", emptyDisk(t, 1<<20+512))
	g.appears("etherd/e9.2")
	if g.sees("etherd/e9.0") {
		t.Error("the driver uses a disk that has 1 buffer: the warning is wrong")
	}
	g.holds("/dev/etherd/e9.1", sumOfFile(t, disk))
	for disk, want := range map[string]string{"e9.1": "4096\n", "e9.2": "512\n"} {
		if got := g.run("blockdev --getbsz /dev/etherd/" + disk); got != want {
			t.Errorf("blocks of %s are of %q bytes, want %q", disk, got, want)
		}
	}
	one.warns("e9.0: with -b 1 the Linux aoe driver does not use the disk; give -b 2 or more")
	odd.warns("e9.2: 2049 sectors, an odd number: Linux has to use the disk one sector at a time; -l 2048 avoids that")
}

// warns checks that the blade has said something on standard error.
func (b *blade) warns(want string) {
	b.t.Helper()
	if said, _ := b.process.stderr.read(); !strings.Contains(said, want+"\n") {
		b.t.Errorf("vblade printed %q, want %q", said, want)
	}
}
