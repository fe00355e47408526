// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/test/lab"
)

// cephPackages are the Debian packages of a node that is a Ceph cluster.
const cephPackages = "ceph-mon,ceph-osd,ceph-common,rbd-fuse,iproute2,mount"

// The most time without I/O: where a host stops to serve an image; where an OSD is
// frozen, which the others ask every 6 s, whose silence they bear for 6 s, and which
// might answer reads for 5 s more; and where an image has a client that is dead but not
// fenced, which Ceph misses after 30 s.
const (
	cephGap   = 5 * time.Second
	frozenGap = 8 * time.Second // of a host that is fenced while it is frozen: 1.8 to 4.1 s were seen
	osdGap    = 30 * time.Second
	lockGap   = 40 * time.Second
)

// TestCeph has vblade serve images that a Ceph cluster keeps to a guest that writes all
// the time, as docs/clusters.md says: by krbd on hosts that die, and by rbd-fuse,
// which dies, while OSDs do.
func TestCeph(t *testing.T) {
	requestedAll(t, "runs a Ceph cluster and virtual machines, for minutes")
	s := newSite(t, buildLedger(t))
	s.bridge(t, "br0")
	c := s.newCeph(t)
	t.Run("by krbd", c.byKRBD)
	t.Run("by rbd-fuse", c.byFUSE)
}

// ceph is a node that is a Ceph cluster with the images disk0 and disk1.
type ceph struct{ *node }

// newCeph starts a Ceph cluster on the bridge br0.
func (s *site) newCeph(t *testing.T) *ceph {
	t.Helper()
	out, err := exec.Command("apt-cache", "policy", "ceph-osd").Output()
	if err != nil || !strings.Contains(string(out), "Candidate: ") || strings.Contains(string(out), "Candidate: (none)") {
		lab.Skip(t, "Debian's package ceph-osd", "name a release that has it in /etc/apt, and run apt-get update")
	}
	needFUSE(t)
	root := nodeRoot(t, "ceph", cephPackages)
	dir := t.TempDir()
	furnishProgram(t, dir, "/usr/sbin/vblade", s.vblade)
	furnish(t, dir, "/etc/ceph/client.conf", recipe(t, "/etc/ceph/ceph.conf, where rbd-fuse runs"), 0o644)
	c := &ceph{s.newNode(t, "ceph", "br0")}
	if err := c.host.Run("ip", "address", "add", "10.9.0.10/24", "dev", "eth0"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	c.runs(root, dir, "ceph")
	c.run("ceph osd pool create rbd; rbd pool init rbd")
	for _, image := range []string{"disk0", "disk1"} {
		c.run(recipe(t, "an image of Ceph", "100G", "64M", "disk0", image))
	}
	t.Logf("Ceph has two images after %v", time.Since(began).Round(time.Second))
	return c
}

// in returns the cluster in the hands of a test, which fails with it.
func (c *ceph) in(t *testing.T) *ceph {
	n := *c.node
	n.t = t
	return &ceph{&n}
}

// guestOf returns a guest on the cluster's bridge.
func (c *ceph) guestOf(t *testing.T) *shell {
	t.Helper()
	g := c.site.guest(t, "tap0", 1500)
	c.site.run(t, "ip", "link", "set", "tap0", "master", "br0")
	return g
}

// byFUSE has an image served as a file of rbd-fuse, beside the cluster. That is killed and
// started again. Of the three OSDs, each of which has the whole image, one is frozen and
// goes on, and another killed.
func (c *ceph) byFUSE(t *testing.T) {
	c = c.in(t)
	g := c.guestOf(t)
	serve := serving(recipe(t, "rbd-fuse, the host that serves", "disk0", "disk1"))
	c.run(serve)
	l := g.keepsLedger()

	l.gap()
	c.run("kill -KILL $(pidof rbd-fuse); while kill -0 $(cat /run/vblade.pid) 2>/dev/null; do sleep 0.02; done; grep 'e9.0 has ended, since its disk is gone' /run/vblade.log")
	c.run(recipe(t, "rbd-fuse, the host that serves no more"))
	c.run(serve)
	l.goesOn()
	l.within("rbd-fuse killed", lockGap)

	l.gap()
	c.run("kill -STOP $(cat /run/osd.2)" + until("osd.2 down"))
	l.goesOn()
	l.within("OSD frozen", osdGap)
	c.run("kill -CONT $(cat /run/osd.2)" + until("osd.2 up"))

	l.gap()
	c.run("kill -KILL $(cat /run/osd.1)" + until("osd.1 down"))
	l.goesOn()
	l.within("OSD killed", movingGap)
	l.closes()
	c.run(endServing + recipe(t, "rbd-fuse, the host that serves no more"))
}

// until is the end of a script that waits for a state of an OSD.
func until(state string) string {
	return "; until ceph osd dump | grep -q '^" + state + "'; do sleep 0.1; done"
}

// byKRBD has an image served by guests with the kernel's driver, one after the other, by
// an address that moves along: as planned, because the host is killed, and because it is
// frozen. The frozen one can write nothing when it goes on.
func (c *ceph) byKRBD(t *testing.T) {
	c = c.in(t)
	g := c.guestOf(t)
	serve := recipe(t, "krbd, the host that serves")
	one, other := c.newHost(t, 1), c.newHost(t, 2)
	one.servesBy(serve)
	l := g.keepsLedger()

	l.gap()
	one.servesNoMore()
	one.run(recipe(t, "krbd, the host that serves no more"))
	other.servesBy(serve)
	l.goesOn()
	l.within("planned move", cephGap)

	l.gap()
	other.kill()
	c.run(recipe(t, "Ceph, a host is fenced", "10.9.0.1", "10.9.0.2"))
	one.servesBy(serve)
	l.goesOn()
	l.within("host killed", cephGap)

	third := c.newHost(t, 3)
	l.gap()
	one.freezes()
	c.run(recipe(t, "Ceph, a host is fenced"))
	third.servesBy(serve)
	l.goesOn()
	l.within("host frozen", frozenGap)
	one.thaws()
	one.refuses("dd if=/dev/zero of=/dev/rbd0 bs=4k count=1 oflag=direct")
	l.goesOn()
	l.closes()
}

// newHost boots a guest on the cluster's bridge that is to serve, with an address by
// which it speaks with the cluster.
func (c *ceph) newHost(t *testing.T, i int) *shell {
	t.Helper()
	tap := fmt.Sprint("tap", i)
	h := c.site.newHost(t, tap)
	c.site.run(t, "ip", "link", "set", tap, "master", "br0")
	h.run(fmt.Sprintf("ip link set eth0 up; ip address add 10.9.0.%d/24 dev eth0", i))
	return h
}

// freezes stops the guest.
func (g *guest) freezes() { g.qemu.cmd.Process.Signal(syscall.SIGSTOP) }

// thaws has a guest that was frozen go on.
func (g *guest) thaws() { g.qemu.cmd.Process.Signal(syscall.SIGCONT) }
