// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

// Addresses of the frames of these tests.
var (
	toAll      = [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	toGroup    = [6]byte{0x01, 0, 0x5e, 0, 0, 7}
	toStranger = [6]byte{2, 0, 0, 0, 7, 7}
)

// raw is a socket that sends frames as they are, tags and all.
type raw struct {
	t  *testing.T
	fd int
}

// rawOn opens a raw socket on an interface for the length of the test.
func rawOn(t *testing.T, h *place, name string) *raw {
	t.Helper()
	r := &raw{t: t}
	err := h.Do(func() error {
		ifi, err := net.InterfaceByName(name)
		if err != nil {
			return err
		}
		if r.fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		return unix.Bind(r.fd, &unix.SockaddrLinklayer{Ifindex: ifi.Index})
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(r.fd) })
	return r
}

// send sends a frame of a number to an address, behind tags.
func (r *raw) send(to [6]byte, number int, tags ...uint32) {
	r.t.Helper()
	f := frame(etherType, 60, number)
	copy(f, to[:])
	for _, tag := range tags {
		f = slices.Insert(f, 12, byte(tag>>24), byte(tag>>16), byte(tag>>8), byte(tag))
	}
	if _, err := unix.Write(r.fd, f); err != nil {
		r.t.Fatal(err)
	}
}

// Tags, of IEEE 802.1Q and, the last, of 802.1ad.
const (
	tagVLAN5    = 0x81000005
	tagPriority = 0x8100a000 // VLAN 0
	tagService5 = 0x88a80005
)

// untilLast returns the numbers of the frames that a link hands up, until number
// 99 comes.
func untilLast(t *testing.T, l *peer.Station) []int {
	t.Helper()
	var all []int
	for end := time.Now().Add(patience); time.Now().Before(end); l.Wait(time.Second) {
		bufs := buffers(8, 2000)
		n, err := l.Receive(bufs)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range bufs[:n] {
			if len(f) == 0 {
				continue // not for us
			}
			if number(f) == 99 {
				return all
			}
			all = append(all, number(f))
		}
	}
	t.Fatalf("the last frame is missing behind %v", all)
	return nil
}

// TestForUs sends tagged frames, and frames to all sorts of addresses, to an
// interface that takes them all: only those are handed up that are for it and its
// LAN, with a filter and without.
func TestForUs(t *testing.T) {
	filters := map[string]func(*testing.T, *peer.Station){
		"no filter": func(*testing.T, *peer.Station) {},
		"another filter": func(t *testing.T, l *peer.Station) {
			if err := l.SetFilter(passing(t, 4)); err != nil {
				t.Fatal(err)
			}
			if err := l.SetFilter(nil); err != nil {
				t.Fatal(err)
			}
		},
	}
	for way, cfg := range bothWays {
		for filter, set := range filters {
			t.Run(way+", "+filter, func(t *testing.T) {
				w := newWire(t, cfg)
				w.run(t, "link", "set", "tgt0", "promisc", "on")
				set(t, w.a)
				r, own := rawOn(t, w.host, "ini0"), w.a.MAC()
				r.send(own, 1)
				r.send(own, 2, tagVLAN5)
				r.send(toAll, 3, tagVLAN5)
				r.send(own, 4, tagPriority)
				r.send(toAll, 5, tagPriority)
				r.send(toStranger, 6)
				r.send(toStranger, 7, tagPriority)
				r.send(toGroup, 8)
				r.send(toGroup, 9, tagVLAN5)
				r.send(toAll, 10)
				r.send(own, 11, tagService5)
				r.send(own, 99)
				if got := untilLast(t, w.a); !slices.Equal(got, []int{1, 4, 5, 8, 10}) {
					t.Errorf("handed up %v", got)
				}
			})
		}
	}
}

// TestNotForUsTakesNoRoom floods a link with what is not for it: the filter has
// refused it before it takes room.
func TestNotForUsTakesNoRoom(t *testing.T) {
	for way, cfg := range bothWays {
		t.Run(way, func(t *testing.T) {
			cfg.ReceiveBuffer = 64 << 10
			w := newWire(t, cfg)
			r := rawOn(t, w.host, "ini0")
			for range 1000 {
				r.send(toStranger, 1)
				r.send(toAll, 2, tagVLAN5)
			}
			r.send(toAll, 99)
			if got := untilLast(t, w.a); len(got) > 0 {
				t.Errorf("handed up %v", got)
			}
			if n, err := w.a.Drops(); n != 0 || err != nil {
				t.Errorf("%d frames were dropped, %v", n, err)
			}
		})
	}
}

// TestForeign asks for what is for other stations.
func TestForeign(t *testing.T) {
	for way, cfg := range bothWays {
		t.Run(way, func(t *testing.T) {
			cfg.Foreign = true
			w := newWire(t, cfg)
			r := rawOn(t, w.host, "ini0")
			r.send(toStranger, 1)
			r.send(toGroup, 2)
			r.send(toStranger, 99)
			if got := untilLast(t, w.a); !slices.Equal(got, []int{1, 2}) {
				t.Errorf("handed up %v", got)
			}
		})
	}
}

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

// TestLongestFilter sets a filter of as many instructions as there may be, and of
// one more.
func TestLongestFilter(t *testing.T) {
	w := newWire(t, netio.Config{})
	program := slices.Repeat(assemble(t, bpf.RetConstant{Val: 0}), netio.MaxFilter+1)
	err := w.a.SetFilter(program[:netio.MaxFilter])
	if errors.Is(err, unix.ENOMEM) {
		lab.Skip(t, "room for long filters", "sysctl -w net.core.optmem_max=131072")
	}
	if err != nil {
		t.Error(err)
	}
	send(t, w.b, frame(etherType, 60, 2))
	if err := w.a.SetFilter(program); !errors.Is(err, unix.EINVAL) {
		t.Errorf("of %d instructions: %v", len(program), err)
	}
	if err := w.a.SetFilter(nil); err != nil {
		t.Error(err)
	}
	send(t, w.b, frame(etherType, 60, 3))
	if f := receive(t, w.a, 1, 100); numberOf(f) != 3 {
		t.Errorf("frame %d has passed", numberOf(f))
	}
}
