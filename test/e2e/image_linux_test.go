// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"os"
	"testing"

	"vblade/test/lab"
)

// TestImage has vblade serve a qcow2 image that qemu-nbd opens and nbdfuse shows, as
// docs/clusters.md says, to a guest that writes all the time. qemu-nbd is killed, and
// all of it started again.
func TestImage(t *testing.T) {
	s := newSite(t, buildLedger(t))
	for _, p := range []struct{ name, pkg string }{{"qemu-img", "qemu-utils"}, {"qemu-nbd", "qemu-utils"}, {"nbdfuse", "libnbd-bin"}} {
		lab.Need(t, p.name, p.pkg)
	}
	needFUSE(t)
	g := s.guest(t, "tap0", 1500)
	s.bridge(t, "br0", "tap0")
	dir := t.TempDir()
	furnishProgram(t, dir, "/usr/sbin/vblade", s.vblade)
	n := s.newNode(t, "image", "br0")
	n.runs("/", dir, "nothing")
	serve := "cd /lab\n" + serving(recipe(t, "qemu-nbd and nbdfuse, the host that serves"))

	n.run("cd /lab\n" + recipe(t, "an image, once"))
	n.run(serve)
	l := g.keepsLedger()
	l.gap()
	n.run("kill -KILL $(cat /lab/disk0.pid); while kill -0 $(cat /run/vblade.pid) 2>/dev/null; do sleep 0.02; done; grep 'e9.0 has ended, since its disk is gone' /run/vblade.log")
	n.run("cd /lab\n" + recipe(t, "qemu-nbd and nbdfuse, after qemu-nbd has died"))
	n.run(serve)
	l.goesOn()
	l.within("qemu-nbd killed", movingGap)
	l.closes()
}

// needFUSE skips t where there is no FUSE.
func needFUSE(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("/dev/fuse"); err != nil {
		lab.Skip(t, "FUSE: "+err.Error(), "modprobe fuse")
	}
}
