// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"os"
	"strings"
	"testing"
	"time"
)

// replicatedGap is the most time without I/O where Pacemaker moves what DRBD replicates
// between emulated machines. One call of an agent, which takes a tenth of a second
// elsewhere, takes 2 or 3 there, on a busy machine 6; a move takes ten of them. The driver
// gives up after 3 minutes.
const replicatedGap = 2 * time.Minute

// TestReplicatedCluster follows docs/clusters.md in two guests, from nothing: DRBD keeps
// a disk twice, Pacemaker has one of them serve it, to a third guest, which writes all
// the time. The disk moves as planned, and then because a host dies.
func TestReplicatedCluster(t *testing.T) {
	requestedAll(t, "runs Pacemaker in virtual machines, for minutes")
	s := newSite(t, buildLedger(t))
	p := s.newReplicatedPair(t)
	p.nodes[0].run(recipe(t, "one replicated export", "op monitor interval=1s", "op monitor interval=2s"))
	at := p.isServed("")
	other := p.other(at)
	l := p.guest.keepsLedger()
	p.event(l, "standby", replicatedGap, func() {
		at.run("crm node standby " + at.name)
		p.isServed(other.name)
	})
	at.run("crm node online " + at.name)
	other.run("until drbdadm dstate disk0 | grep -x UpToDate/UpToDate; do sleep 0.1; done")
	other.run("while cibadmin --query --scope constraints | grep drbd-fence; do sleep 0.1; done")
	p.event(l, "node killed", replicatedGap, func() {
		other.dies()
		at.run("until crm_resource --resource disk0 --locate 2>/dev/null | grep -w " + at.name + "; do sleep 0.1; done")
	})
	l.closes()
}

// newReplicatedPair starts a cluster of two guests that keep a disk twice, with no
// export, and a guest on the same bridge. They may be silent for ten times as long as
// docs/clusters.md says: an emulated CPU is slow, and shares this machine.
func (s *site) newReplicatedPair(t *testing.T) *pair {
	t.Helper()
	image := rootImage(t, nodeRoot(t, "cluster", pacemakerPackages))
	p := &pair{t: t, site: s, lab: t.TempDir(), guest: s.guest(t, "tap0", 1500)}
	p.furnish()
	furnish(t, p.lab, "/etc/corosync/corosync.conf",
		recipe(t, "/etc/corosync/corosync.conf", "token: 1000", "token: 10000", "consensus: 300", "consensus: 3000"), 0o644)
	for i := range 2 {
		p.nodes = append(p.nodes, s.newMachine(t, i+1, image, p.lab))
	}
	s.bridge(t, "br0", "tap0", "tap1", "tap2")
	s.bridge(t, "br1", "tap5", "tap6")
	p.replicates()
	work, err := os.ReadFile("node/pacemaker")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range p.nodes {
		n.run(string(work))
	}
	p.begins()
	return p
}

// replicates makes the replicated disk of two nodes.
func (p *pair) replicates() {
	p.t.Helper()
	resource := recipe(p.t, "/etc/drbd.d/disk0.res", "/dev/vg0/disk0", "/dev/vda", "ping-int 1;", "ping-int 10; ping-timeout 50;")
	resource = strings.Replace(resource, "    on node1", recipe(p.t, "in disk0.res, with Pacemaker")+"    on node1", 1)
	for _, n := range p.nodes {
		n.run("cat >/etc/drbd.d/disk0.res <<'END'\n" + resource + "END\n" + recipe(p.t, "DRBD, on both hosts"))
	}
	for _, n := range p.nodes {
		n.run("until drbdadm cstate disk0 | grep -x Connected; do sleep 0.1; done")
	}
	p.nodes[0].run(recipe(p.t, "DRBD, on one host, once"))
}
