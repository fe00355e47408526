// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The most time without I/O: where the export's MAC address moves along, which takes up
// to 2.8 s, and where the driver has to learn another address, which it does after 10 s.
const (
	movingGap = 5 * time.Second
	ownGap    = 20 * time.Second
)

// pacemakerPackages are the Debian packages of a node with Pacemaker, and of DRBD.
const pacemakerPackages = "pacemaker,corosync,pacemaker-cli-utils,resource-agents,crmsh,drbd-utils,iproute2,procps,kmod"

// TestCluster has Pacemaker serve a disk on one of two hosts, as docs/clusters.md
// says, and move it: a guest with the Linux driver, which writes all the time,
// notices a pause.
func TestCluster(t *testing.T) {
	s := newSite(t, buildLedger(t))
	root := nodeRoot(t, "cluster", pacemakerPackages)
	for _, mode := range []struct {
		name, recipe string
		most         time.Duration
	}{
		{"moves with its address", "one export, moving address", movingGap},
		{"moves to another address", "one export, own address", ownGap},
	} {
		t.Run(mode.name, func(t *testing.T) {
			p := s.newPair(t, root)
			p.nodes[0].run(recipe(t, mode.recipe, "/dev/san0", "/lab/disk", "--state none", "--state /lab/state"))
			p.moves(mode.most)
		})
	}
}

// pair is a cluster of two nodes, and a guest that uses the disk that they serve.
type pair struct {
	t     *testing.T
	site  *site
	nodes []*node
	lab   string // the directory that they share
	guest *shell

	settings *settings // of the export, where they move along
}

// newPair starts a cluster, with no export, and a guest on the same bridge.
func (s *site) newPair(t *testing.T, root string) *pair {
	t.Helper()
	p := &pair{t: t, site: s, lab: t.TempDir(), guest: s.guest(t, "tap0", 1500)}
	s.bridge(t, "br0", "tap0")
	p.furnish()
	for _, name := range []string{"node1", "node2"} {
		p.nodes = append(p.nodes, s.newNode(t, name, "br0"))
	}
	p.joins()
	for _, n := range p.nodes {
		n.runs(root, p.lab, "pacemaker")
	}
	p.begins()
	return p
}

// begins waits until both nodes are in the cluster, and lets them fence each other.
func (p *pair) begins() {
	p.t.Helper()
	p.fences()
	p.nodes[0].run("until crm_mon -1 2>/dev/null | grep -F 'Online: [ node1 node2 ]'; do sleep 0.1; done")
}

// furnish puts into the lab what the nodes have beyond Debian's packages, the disk
// and the directories of the fence agent.
func (p *pair) furnish() {
	p.t.Helper()
	for name, from := range map[string]string{
		"/usr/sbin/vblade":                      p.site.vblade,
		"/usr/lib/ocf/resource.d/vblade/export": "../../packaging/ocf/export",
		"/usr/sbin/fence_lab":                   "node/fence_lab",
		"/var/lib/pacemaker/cib/cib.xml":        "node/cib.xml",
	} {
		furnishProgram(p.t, p.lab, name, from)
	}
	for _, name := range []string{"/etc/corosync/corosync.conf", "/etc/hosts"} {
		furnish(p.t, p.lab, name, recipe(p.t, name), 0o644)
	}
	for _, dir := range []string{"fence", "off", "state"} {
		if err := os.Mkdir(filepath.Join(p.lab, dir), 0o777); err != nil {
			p.t.Fatal(err)
		}
	}
	disk, err := os.Create(filepath.Join(p.lab, "disk"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer disk.Close()
	if err := disk.Truncate(64 << 20); err != nil {
		p.t.Fatal(err)
	}
}

// joins lays the wire by which the nodes speak with each other.
func (p *pair) joins() {
	p.t.Helper()
	if err := p.nodes[0].host.WireTo(p.nodes[1].host, "ring0", "ring0", 1500); err != nil {
		p.t.Fatal(err)
	}
	for i, n := range p.nodes {
		if err := n.host.Run("ip", "address", "add", fmt.Sprintf("10.9.0.%d/24", i+1), "dev", "ring0"); err != nil {
			p.t.Fatal(err)
		}
	}
}

// fences cuts the power of the nodes that the fence agent asks for, until the end of
// the test.
func (p *pair) fences() {
	enough, ended := make(chan struct{}), make(chan struct{})
	p.t.Cleanup(func() {
		close(enough)
		<-ended
	})
	go func() {
		defer close(ended)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-enough:
				return
			case <-tick.C:
			}
			for _, n := range p.nodes {
				if os.Remove(filepath.Join(p.lab, "fence", n.name)) == nil {
					n.dies()
					os.WriteFile(filepath.Join(p.lab, "off", n.name), nil, 0o644)
				}
			}
		}
	}()
}

// moves has the export move in all ways: the guest sees no error, and never waits
// longer than most, and what an initiator has set moves along.
func (p *pair) moves(most time.Duration) {
	p.t.Helper()
	at := p.isServed("")
	l := p.guest.keepsLedger()
	p.settings = p.site.set(p.t, "br0", p.guest)
	p.event(l, "vblade killed", most, func() {
		at.run("kill -KILL $(cat /run/resource-agents/vblade-disk0.pid)")
	})
	at = p.isServed("")
	other := p.other(at)
	p.settles()
	p.event(l, "standby", most, func() {
		at.run("crm node standby " + at.name)
		p.isServed(other.name)
	})
	at.run("crm node online " + at.name)
	p.settles()
	p.event(l, "link lost", most, func() {
		p.site.run(p.t, "ip", "link", "set", "port-"+other.name, "down")
		p.isServed(at.name)
	})
	p.site.run(p.t, "ip", "link", "set", "port-"+other.name, "up")
	other.run("crm resource cleanup disk0 >/dev/null 2>&1")
	p.settles()
	p.event(l, "node killed", most, func() {
		at.dies()
		other.run("until crm_resource --resource disk0 --locate 2>/dev/null | grep -w " + other.name + "; do sleep 0.1; done")
	})
	l.closes()
}

// settles waits until the cluster has nothing left to do: it is slower where two things
// happen at once.
func (p *pair) settles() {
	p.t.Helper()
	p.nodes[0].run("crm_resource --wait --timeout=180")
}

// event does something, has the guest go on, and checks how long it waited.
func (p *pair) event(l *ledger, name string, most time.Duration, do func()) {
	p.t.Helper()
	l.gap()
	do()
	l.goesOn()
	l.within(name, most)
	if p.settings != nil {
		p.settings.hold(name)
	}
}

// other is the other node.
func (p *pair) other(n *node) *node {
	if p.nodes[0] == n {
		return p.nodes[1]
	}
	return p.nodes[0]
}

// isServed waits until the export is served, on the node named if one is, and
// returns that node.
func (p *pair) isServed(name string) *node {
	p.t.Helper()
	const where = "crm_resource --resource disk0 --locate 2>/dev/null"
	p.nodes[0].run("until " + where + " | grep 'on: node' | grep '" + name + "'; do sleep 0.1; done")
	out := p.nodes[0].run(where)
	for _, n := range p.nodes {
		if strings.Contains(out, n.name) {
			n.run("until vblade status --control /run/resource-agents/vblade-disk0.control e9.0 >/dev/null 2>&1; do sleep 0.05; done")
			return n
		}
	}
	p.t.Fatalf("where is it served? %s", out)
	return nil
}
