// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"strconv"
	"testing"

	"vblade/test/lab"
)

// wideMTU is the MTU of a LAN, in bytes; vblade's own wire may have less.
const wideMTU = 9000

// newLAN makes a site whose wires, of tgt0 and of ini0, end in a bridge: the one
// may go away and leave the other.
func newLAN(t *testing.T) *site {
	t.Helper()
	s := &site{t: t, host: lab.TestHost(t)}
	s.ip("link", "add", "br0", "type", "bridge")
	s.ip("link", "set", "br0", "addrgenmode", "none", "up")
	s.must(s.plug("ini0", wideMTU))
	s.must(s.plug("tgt0", 1500))
	return s
}

// plug lays a wire from an interface, new, to the bridge.
func (s *site) plug(netif string, mtu int) error { return s.plugInto(netif, "br0", mtu) }

// plugInto lays a wire from an interface, new, to a bridge.
func (s *site) plugInto(netif, bridge string, mtu int) error {
	if err := s.host.Wire(netif, port(netif), mtu); err != nil {
		return err
	}
	return s.host.Run("ip", "link", "set", port(netif), "master", bridge)
}

// port is the name of the other end of an interface's wire.
func port(netif string) string { return "sw-" + netif }

// ip runs ip(8) on the site's host, which must succeed.
func (s *site) ip(args ...string) {
	s.t.Helper()
	s.must(s.host.Run("ip", args...))
}

// setMTU sets the MTU of both ends of an interface's wire.
func (s *site) setMTU(netif string, mtu int) error {
	for _, end := range []string{port(netif), netif} {
		if err := s.host.Run("ip", "link", "set", end, "mtu", strconv.Itoa(mtu)); err != nil {
			return err
		}
	}
	return nil
}
