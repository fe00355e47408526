// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// pathPatience is how long an initiator tries a path before it takes another,
// pathRetry how long before it repeats a request on the same, and
// pathWindow how many it keeps outstanding.
const (
	pathPatience = 300 * time.Millisecond
	pathRetry    = 30 * time.Millisecond
	pathWindow   = 16 // requests
)

// plug lays a wire of its own for an interface, new, to a bridge: the interface can
// go away, and the other ends stay.
func (s *site) plug(netif, bridge string, mtu int) {
	s.t.Helper()
	if err := s.host.Wire(netif, "sw-"+netif, mtu); err != nil {
		s.t.Fatal(err)
	}
	s.ip("link set sw-" + netif + " master " + bridge)
}

// newLANs makes a site with so many LANs of two stations, tgt0 and ini0 on br0,
// tgt1 and ini1 on br1 and so on.
func newLANs(t *testing.T, n int) *site {
	t.Helper()
	s := &site{t: t, host: lab.TestHost(t), vblade: program}
	s.far = s.host
	for i := range n {
		bridge := fmt.Sprint("br", i)
		s.ip("link add " + bridge + " type bridge")
		s.ip("link set " + bridge + " addrgenmode none up")
		s.plug(fmt.Sprint("ini", i), bridge, 9000)
		s.plug(fmt.Sprint("tgt", i), bridge, 1500)
	}
	s.image = s.disk("disk.img")
	return s
}

// multipath finds e9.0 on so many LANs.
func (s *site) multipath(n int) *multipath {
	s.t.Helper()
	p := &multipath{limit: 2 * patience}
	for i := range n {
		target := s.findAs(fmt.Sprint("ini", i), initiator.Options{Patience: pathPatience, Retry: pathRetry}, 0)
		target.SetWindow(pathWindow)
		p.paths = append(p.paths, target)
	}
	return p
}

// TestPaths has a load go on while links are cut, made anew and changed in MTU, one
// after the other: with two, it goes on while one is away.
func TestPaths(t *testing.T) {
	for n := 1; n <= 2; n++ {
		t.Run(fmt.Sprint(n, " links"), func(t *testing.T) { testPaths(t, n) })
	}
}

// testPaths is TestPaths with so many links.
func testPaths(t *testing.T, n int) {
	s := newLANs(t, n)
	var netifs []string
	for i := range n {
		netifs = append(netifs, fmt.Sprint("tgt", i))
	}
	v := s.host.StartVblade(t, s.vblade, "9", "0", strings.Join(netifs, ","), s.image)
	disk := s.multipath(n)
	l := s.startLoadOn(disk)
	for i := range 2 * n {
		s.torment(l, netifs[i%n], netifs[(i+1)%n])
	}
	l.finish(t)
	t.Logf("transfers were repeated %d times", disk.repeats)
	if !v.Alive() {
		t.Fatalf("vblade ended: %s", v.Stderr())
	}
	if err := v.Stop(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, v.Stderr())
	}
}

// torment does to a link under load what can be done to one. The load goes on
// meanwhile on the other link, if that is another: with long frames first, until
// they fit no more.
func (s *site) torment(l *load, netif, other string) {
	s.t.Helper()
	away := func() {
		if other != netif {
			l.goesOn(s.t)
			s.setMTU(other, 1500)
			l.goesOn(s.t)
			l.goesOn(s.t)
		}
	}
	for _, end := range []string{netif, "sw-" + netif} {
		s.setMTU(other, 9000)
		s.ip("link set " + end + " down")
		away()
		s.ip("link set " + end + " up")
		l.goesOn(s.t)
	}
	s.setMTU(netif, 1500)
	s.ip("link del " + netif)
	away()
	s.plug(netif, "br"+strings.TrimPrefix(netif, "tgt"), 1500)
	l.goesOn(s.t)
}

// setMTU sets the MTU of both ends of an interface's wire.
func (s *site) setMTU(netif string, mtu int) {
	s.t.Helper()
	for _, end := range []string{"sw-" + netif, netif} {
		s.ip(fmt.Sprintf("link set %s mtu %d", end, mtu))
	}
}
