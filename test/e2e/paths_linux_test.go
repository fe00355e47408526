// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// pathGap is the most time without I/O where one of two paths to one address is cut. It
// takes about a second.
const pathGap = 4 * time.Second

// spares has a guest with two interfaces use one disk that is served on two links,
// and work on it while one path is cut, then the other, each at either end: it sees no
// error.
func (s *site) spares(t *testing.T) {
	o := s.twoPaths(t, "9", "0", "tgt0,tgt1")
	o.begin("eth0 eth1")
	o.seesPaths("eth0,eth1|eth1,eth0")
	for i := range 2 {
		for _, end := range []string{"sw", "tgt"} {
			o.cut(fmt.Sprint(end, i))
		}
	}
	o.finish(func() { o.blade.stop() })
}

// sparesSoon has a guest keep a ledger on a disk that is served on two links from one
// address, as docs/clusters.md says, while one path is cut, then the other: at vblade's
// end, which is down then, at the switch's, by which vblade's end loses its carrier, and
// in the switch, which nobody notices.
func (s *site) sparesSoon(t *testing.T) {
	command := strings.Fields(recipe(t, "two paths", "-s -d", "-s", "eth0,eth1", "tgt0,tgt1"))
	o := s.twoPaths(t, command[1:len(command)-1]...) // without the program and the disk
	o.guest.run("modprobe aoe aoe_iflist='eth0 eth1'")
	o.guest.appears("etherd/e9.0")
	const both = "eth0,eth1|eth1,eth0"
	o.seesPaths(both)
	l := o.guest.beginsLedger()
	for i := range 2 {
		for _, end := range []string{"tgt", "sw", "br"} {
			end += fmt.Sprint(i)
			o.linkSet(end, "down")
			l.goesOn()
			o.linkSet(end, "up")
			o.seesPaths(both)
			l.goesOn()
			l.within(end+" down and up", pathGap)
		}
	}
	l.closes()
	o.blade.stop()
}

// sparesOne is spares for a disk that is served on one of the two links: the guest
// sees one path, and has the other for nothing.
func (s *site) sparesOne(t *testing.T) {
	o := s.twoPaths(t, "9", "0", "tgt1")
	o.begin("eth0 eth1")
	o.seesPaths("eth1")
	o.linkSet("sw0", "down")
	o.goesOn("the link that serves nothing cut")
	o.finish(func() { o.blade.stop() })
}

// twoPaths boots a guest with two interfaces, lays a wire to each and serves a disk by
// these arguments, on some of them.
func (s *site) twoPaths(t *testing.T, args ...string) *ordeal {
	t.Helper()
	o := &ordeal{site: s, t: t, guest: s.twoNICs(t), disk: emptyDisk(t, 128<<20)}
	for i := range 2 {
		s.bridge(t, fmt.Sprint("br", i), fmt.Sprint("tap", 3+i))
		o.plugInto(i)
		t.Cleanup(func() { s.run(t, "ip", "link", "del", fmt.Sprint("tgt", i)) })
	}
	o.blade = s.export(t, append(args, o.disk)...)
	return o
}

// seesPaths waits until the driver knows the disk on these interfaces, in whatever
// order it has heard of them, and checks that aoe-stat says so. Both are a pattern of
// grep -E.
func (o *ordeal) seesPaths(netifs string) {
	o.t.Helper()
	const netif = "'/sys/block/etherd!e9.0/netif'"
	o.guest.run("for try in $(seq 300); do aoe-discover; grep -qxE '" + netifs + "' " + netif + " && break; sleep 0.1; done\n" +
		"cat " + netif + "; grep -x up '/sys/block/etherd!e9.0/state'; grep -xE '" + netifs + "' " + netif +
		"; aoe-stat | grep -E ' (" + netifs + ") '")
}

// linkSet sets an end of a wire up or down.
func (o *ordeal) linkSet(end, state string) {
	o.t.Helper()
	o.run(o.t, "ip", "link", "set", end, state)
}

// cut cuts a path at an end of its wire, has the guest go on by the other path, and
// mends it. At vblade's end the interface is down then, at the far end it loses its
// carrier.
func (o *ordeal) cut(end string) {
	o.t.Helper()
	o.linkSet(end, "down")
	o.goesOn(end + " down")
	o.goesOn(end + " down, more")
	o.linkSet(end, "up")
	o.guest.run("aoe-discover")
	o.goesOn(end + " up")
}
