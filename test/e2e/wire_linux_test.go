// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"strconv"
	"testing"

	"vblade/internal/initiator"
	"vblade/test/peer"
)

// guest returns the guest on the other end of tap, running, its side of the
// wire (eth0) and ours set to mtu (bytes), the aoe driver not loaded.
func (s *site) guest(t *testing.T, tap string, mtu int) *shell {
	t.Helper()
	g := s.guests[tap]
	if g == nil {
		g = s.newGuest(t, tap)
	}
	m := strconv.Itoa(mtu)
	s.run(t, "ip", "link", "set", tap, "mtu", m)
	sh := &shell{t: t, guest: g}
	t.Cleanup(func() { s.release(sh, tap) })
	sh.run("ip link set eth0 mtu " + m + " up")
	return sh
}

// newGuest lays a wire and boots a guest on it.
func (s *site) newGuest(t *testing.T, tap string) *guest {
	t.Helper()
	s.tap(t, tap)
	g, err := bootGuest(s.host, s.boot, tap)
	if err != nil {
		s.run(t, "ip", "link", "del", tap)
		t.Fatalf("boot the guest on %s: %v", tap, err)
	}
	s.guests[tap] = g
	return g
}

// tap makes a tap device.
func (s *site) tap(t *testing.T, tap string) {
	t.Helper()
	s.run(t, "ip", "tuntap", "add", tap, "mode", "tap")
	// Without IPv6 addresses our side sends nothing of its own.
	s.run(t, "ip", "link", "set", tap, "addrgenmode", "none", "up")
}

// twoNICs boots a guest with two interfaces, eth0 on tap3 and eth1 on tap4, for the
// length of t.
func (s *site) twoNICs(t *testing.T) *shell {
	t.Helper()
	for _, tap := range []string{"tap3", "tap4"} {
		s.tap(t, tap)
		t.Cleanup(func() { s.run(t, "ip", "link", "del", tap) })
	}
	g, err := bootGuest(s.host, s.boot, "tap3", secondNIC("tap4")...)
	if err != nil {
		t.Fatalf("boot the guest with two interfaces: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the console of the guest with two interfaces ends:\n%s", g.console())
		}
		g.kill()
	})
	sh := &shell{t: t, guest: g}
	sh.run("ip link set eth0 up; ip link set eth1 up")
	return sh
}

// release readies a guest for the next test. Where the test failed, or the
// driver does not let go, the guest ends: the next test boots a new one.
func (s *site) release(sh *shell, tap string) {
	sh.t.Helper()
	if !sh.t.Failed() {
		err := sh.unload()
		if err == nil {
			return
		}
		sh.t.Errorf("after the test: %v", err)
	}
	sh.t.Logf("the console of the guest on %s ends:\n%s", tap, sh.console())
	sh.kill()
	delete(s.guests, tap)
	s.run(sh.t, "ip", "link", "del", tap)
}

// bridge makes, for the length of t, a bridge that joins the wires of guests.
func (s *site) bridge(t *testing.T, name string, taps ...string) {
	t.Helper()
	s.run(t, "ip", "link", "add", name, "type", "bridge")
	t.Cleanup(func() { s.run(t, "ip", "link", "del", name) })
	for _, tap := range taps {
		s.run(t, "ip", "link", "set", tap, "master", name)
	}
	s.run(t, "ip", "link", "set", name, "addrgenmode", "none", "up")
}

// initiator makes the site's host an initiator, by an interface, for the length of t.
func (s *site) initiator(t *testing.T, netif string) *initiator.Initiator {
	t.Helper()
	return peer.Initiator(t, s.host, netif, initiator.Options{})
}

// run runs a program on the site's host, which must succeed.
func (s *site) run(t testing.TB, program string, args ...string) {
	t.Helper()
	if err := s.host.Run(program, args...); err != nil {
		t.Fatal(err)
	}
}
