// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"strings"
	"testing"
)

// twoBlades has two disks of different sizes and contents on one interface:
// each is found under its own name, and a write to one leaves the other alone.
func (s *site) twoBlades(t *testing.T) {
	disks := map[string]string{"e9.0": randomDisk(t, 2<<20, 0), "e9.1": randomDisk(t, 3<<20, 1)}
	sizes := map[string]string{"e9.0": "4096", "e9.1": "6144"}
	g := s.guest(t, "tap0", 1500)
	s.export(t, "9", "0", "tap0", disks["e9.0"]).says("e9.0, 4096 sectors O_RDWR")
	s.export(t, "9", "1", "tap0", disks["e9.1"]).says("e9.1, 6144 sectors O_RDWR")

	g.run("modprobe aoe aoe_iflist=eth0")
	for name, disk := range disks {
		g.appears("etherd/" + name)
		if got := strings.TrimSpace(g.run("blockdev --getsz /dev/etherd/" + name)); got != sizes[name] {
			t.Errorf("%s has %s sectors, want %s", name, got, sizes[name])
		}
		g.holds("/dev/etherd/"+name, sumOfFile(t, disk))
	}

	first := sumOfFile(t, disks["e9.0"])
	g.run("dd if=/dev/urandom of=/tmp/new bs=1M count=3")
	g.run("dd if=/tmp/new of=/dev/etherd/e9.1 bs=64k conv=fsync; echo 3 > /proc/sys/vm/drop_caches")
	g.holds("/dev/etherd/e9.1", g.sum("/tmp/new"))
	g.holds("/dev/etherd/e9.0", first)
	g.holds("/tmp/new", sumOfFile(t, disks["e9.1"]))
	if got := sumOfFile(t, disks["e9.0"]); got != first {
		t.Errorf("a write to e9.1 changed e9.0's file: its sum was %s and is %s", first, got)
	}
}

// masks has a blade with -m on a wire with two guests. The one listed sees it,
// the other never hears of it, neither when the blade starts nor when it asks.
// It does see the blades without a mask: e9.1, so it can hear and ask, and
// e9.2, which starts after the masked blade answered the listed guest, so after
// all that it could have said to the other.
func (s *site) masks(t *testing.T) {
	listed := s.guest(t, "tap0", 1500)
	other := s.guest(t, "tap1", 1500)
	s.bridge(t, "br0", "tap0", "tap1")
	s.export(t, "9", "1", "br0", emptyDisk(t, 1<<20))
	other.run("dmesg -c > /dev/null; modprobe aoe aoe_iflist=eth0")
	other.appears("etherd/e9.1")

	s.export(t, "-m", listed.mac, "9", "0", "br0", emptyDisk(t, 1<<20))
	other.run("aoe-discover")
	listed.run("modprobe aoe aoe_iflist=eth0")
	listed.appears("etherd/e9.0")
	listed.appears("etherd/e9.1")

	s.export(t, "9", "2", "br0", emptyDisk(t, 1<<20))
	listed.appears("etherd/e9.2")
	other.appears("etherd/e9.2")
	if other.sees("etherd/e9.0") {
		t.Errorf("the guest %s, not in the mask, sees e9.0", other.mac)
	}
	if log := other.run("aoe-stat; dmesg"); strings.Contains(log, "e9.0") {
		t.Errorf("the guest %s, not in the mask, heard of e9.0:\n%s", other.mac, log)
	}
}
