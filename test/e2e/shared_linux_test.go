// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"bytes"
	"fmt"
	"testing"

	"vblade/internal/initiator"
)

// TestShared has two guests that see one disk serve it in turn, past none of their page
// caches. Whatever the one has written the other reads, and the first again: it has read
// all of the disk meanwhile, and something else there holds it open, so that its kernel
// forgets nothing by itself.
func TestShared(t *testing.T) {
	s := newSite(t)
	disk := emptyDisk(t, sharedSize)
	var hosts [2]*shell
	for i := range hosts {
		hosts[i] = s.newHost(t, fmt.Sprint("tap", i+1), drive(disk)...)
		hosts[i].run("ip link set eth0 up; exec 9</dev/vda; sleep infinity & cat /dev/vda >/dev/null")
	}
	s.bridge(t, "br0", "tap1", "tap2")
	ini := s.initiator(t, "br0")
	for round, host := range []int{0, 1, 0, 1} {
		h := hosts[host]
		h.servesBy("vblade -s --hwaddr auto 9 0 eth0 /dev/vda")
		holdsAll(t, ini, round)
		writesAll(t, ini, round+1)
		holdsAll(t, ini, round+1)
		h.run("grep 'sleep.* has it open, too; if another host writes to it' /run/vblade.log")
		h.servesNoMore()
	}
}

// sharedSize is the size of the disk of TestShared, in bytes.
const sharedSize = 2 << 20

// writesAll writes a number all over the export e9.0.
func writesAll(t *testing.T, ini *initiator.Initiator, n int) {
	t.Helper()
	target, err := ini.Find(9, 0)
	if err == nil {
		_, err = target.WriteAt(bytes.Repeat([]byte{byte(n)}, sharedSize), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// holdsAll checks that the export e9.0 is full of a number.
func holdsAll(t *testing.T, ini *initiator.Initiator, n int) {
	t.Helper()
	got := make([]byte, sharedSize)
	target, err := ini.Find(9, 0)
	if err == nil {
		_, err = target.ReadAt(got, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	for at, b := range got {
		if b != byte(n) {
			t.Fatalf("byte %d is of write %d; want %d, all over the disk", at, b, n)
		}
	}
}
