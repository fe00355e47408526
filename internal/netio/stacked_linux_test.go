// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"slices"
	"strings"
	"testing"

	"vblade/internal/netio"
	"vblade/test/peer"
)

// need adds an interface, or skips the test where the kernel has no such.
func need(t *testing.T, h *place, module string, args ...string) {
	t.Helper()
	err := h.Run("ip", append([]string{"link", "add"}, args...)...)
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "Unknown device type"):
		// Not lab.Skip, which fails where CI is set: no package brings the module.
		t.Skipf("missing: the kernel's %s interfaces; load the module %s", module, module)
	default:
		t.Fatal(err)
	}
}

// macOf returns an interface's address.
func macOf(t *testing.T, h *place, name string) (mac [6]byte) {
	t.Helper()
	err := h.Do(func() (err error) {
		mac, err = netio.Address(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return mac
}

// stacked is a link below another one, and what each is to be handed.
type stacked struct {
	lower, upper *peer.Station
}

// check sends what is for either, and for both, with tags before what is for the
// upper one.
func (s *stacked) check(t *testing.T, r *raw, tags ...uint32) {
	t.Helper()
	for round := range 3 {
		r.send(s.upper.MAC(), 10+round, tags...)
		r.send(s.lower.MAC(), 20+round)
		r.send(toAll, 99, tags...)
		if len(tags) > 0 {
			r.send(toAll, 99)
		}
		if got := untilLast(t, s.upper); !slices.Equal(got, []int{10 + round}) {
			t.Errorf("the upper interface is handed %v", got)
		}
		if got := untilLast(t, s.lower); !slices.Equal(got, []int{20 + round}) {
			t.Errorf("the lower interface is handed %v", got)
		}
	}
}

// TestMacvlan receives on a macvlan interface and on the one below, which the
// kernel shows the frames of the upper one as its own.
func TestMacvlan(t *testing.T) {
	for way, cfg := range bothWays {
		t.Run(way, func(t *testing.T) {
			w := newWire(t, cfg)
			need(t, w.host, "macvlan", "link", "tgt0", "name", "mac0", "type", "macvlan", "mode", "bridge")
			w.run(t, "link", "set", "mac0", "up")
			cfg.EtherType = etherType
			s := &stacked{w.a, open(t, w.host, "mac0", cfg)}
			r := rawOn(t, w.host, "ini0")
			s.check(t, r)
			r.send(s.upper.MAC(), 1, tagVLAN5)
			r.send(toAll, 2, tagVLAN5)
			r.send(s.upper.MAC(), 3, tagPriority)
			r.send(toAll, 99)
			if got := untilLast(t, s.upper); !slices.Equal(got, []int{3}) {
				t.Errorf("of tagged frames the upper interface is handed %v", got)
			}
			if got := untilLast(t, s.lower); len(got) > 0 {
				t.Errorf("of tagged frames the lower interface is handed %v", got)
			}
			send(t, s.upper, frame(etherType, 60, 7))
			if f := receive(t, w.b, 1, 100); numberOf(f) != 7 {
				t.Errorf("frame %d has left", numberOf(f))
			}
		})
	}
}

// TestVLANInterface receives on a VLAN's interface and on the one below.
func TestVLANInterface(t *testing.T) {
	for way, cfg := range bothWays {
		t.Run(way, func(t *testing.T) {
			w := newWire(t, cfg)
			need(t, w.host, "8021q", "link", "tgt0", "name", "tgt0.5", "type", "vlan", "id", "5")
			w.run(t, "link", "set", "tgt0.5", "up")
			cfg.EtherType = etherType
			s := &stacked{w.a, open(t, w.host, "tgt0.5", cfg)}
			s.check(t, rawOn(t, w.host, "ini0"), tagVLAN5)
		})
	}
}

// TestBond receives on a part of a bond.
func TestBond(t *testing.T) {
	for way, cfg := range bothWays {
		t.Run(way, func(t *testing.T) {
			w := newWire(t, cfg)
			need(t, w.host, "bonding", "name", "bond7", "type", "bond", "mode", "active-backup")
			w.run(t, "link", "set", "tgt0", "down")
			w.run(t, "link", "set", "tgt0", "master", "bond7")
			w.run(t, "link", "set", "bond7", "up")
			awaitDown(t, w.a, nil)
			r := rawOn(t, w.host, "ini0")
			r.send(w.a.MAC(), 1)
			r.send(toStranger, 2)
			r.send(w.a.MAC(), 99)
			if got := untilLast(t, w.a); !slices.Equal(got, []int{1}) {
				t.Errorf("handed up %v", got)
			}
		})
	}
}

// TestBridge receives on a bridge, of which the wire is a port, and on an
// interface at the other side of the bridge.
func TestBridge(t *testing.T) {
	for way, cfg := range bothWays {
		t.Run(way, func(t *testing.T) {
			w := layWire(t)
			need(t, w.host, "bridge", "name", "br7", "type", "bridge")
			if err := w.host.Wire("port0", "end0", 1500); err != nil {
				t.Fatal(err)
			}
			for _, port := range []string{"tgt0", "port0"} {
				w.run(t, "link", "set", port, "master", "br7")
			}
			w.run(t, "link", "set", "br7", "up")
			cfg.EtherType = etherType
			bridge, end := open(t, w.host, "br7", cfg), open(t, w.host, "end0", cfg)
			r := rawOn(t, w.host, "ini0")
			// A port itself is handed what no bridge forwards, only.
			for i, to := range [][6]byte{bridge.MAC(), end.MAC(), toStranger, macOf(t, w.host, "tgt0")} {
				r.send(to, i)
			}
			r.send(toAll, 99)
			if got := untilLast(t, bridge); !slices.Contains(got, 0) || slices.Contains(got, 1) || slices.Contains(got, 2) {
				t.Errorf("the bridge is handed %v", got)
			}
			if got := untilLast(t, end); !slices.Equal(got, []int{1}) {
				t.Errorf("the interface behind the bridge is handed %v", got)
			}
			send(t, bridge, frame(etherType, 60, 7))
			send(t, end, frame(etherType, 60, 8))
		})
	}
}
