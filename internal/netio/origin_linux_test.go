// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"errors"
	"net"
	"slices"
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
