// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/netio"
)

// TestDescriptors polls what a host is to be polled by.
func TestDescriptors(t *testing.T) {
	m := newMany(t, 2, netio.HostConfig{}, netio.Config{Fast: true, ReceiveBuffer: 1 << 20})
	m.rest()
	before := m.host.Descriptors()
	kept := slices.Clone(before)
	poll := func() int {
		var fds []unix.PollFd
		for _, fd := range m.host.Descriptors() {
			fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
		}
		for {
			switch n, err := unix.Poll(fds, 0); err {
			case nil:
				return n
			case unix.EINTR: // the Go runtime's signal, which preempts
			default:
				t.Fatal(err)
			}
		}
	}
	if n := poll(); n != 0 || len(before) != 3 {
		t.Errorf("%d of %d descriptors are readable", n, len(before))
	}
	m.peers[1].Send([][]byte{frame(etherType, 60, 1)})
	if n := poll(); n != 1 {
		t.Errorf("%d descriptors are readable, where a frame has come", n)
	}
	m.rest()
	m.host.Wake()
	if n := poll(); n != 1 {
		t.Errorf("%d descriptors are readable, where the alarm rings", n)
	}
	m.host.Silence()
	if n := poll(); n != 0 {
		t.Errorf("%d descriptors are readable where the alarm is silent", n)
	}
	if err := m.links[0].Close(); err != nil {
		t.Error(err)
	}
	if n := len(m.host.Descriptors()); n != 2 || !slices.Equal(before, kept) {
		t.Errorf("%d descriptors without the link that was closed", n)
	}
	m.links = m.links[1:]
}

// watchers counts the goroutines that watch interfaces.
func watchers() int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "netio.(*Host).watch(")
}

// TestOneWatcher opens many links: none brings a watcher, or more descriptors than
// its socket; each hears of its own interface, and only of that.
func TestOneWatcher(t *testing.T) {
	const n = 20
	m := newMany(t, 1, netio.HostConfig{}, netio.Config{})
	for i := 1; i < n; i++ {
		if err := m.place.Run("ip", "link", "add", fmt.Sprint("tgt", i), "type", "veth", "peer", "name", fmt.Sprint("ini", i)); err != nil {
			t.Fatal(err)
		}
	}
	watching, files := watchers(), descriptors(t)
	for i := 1; i < n; i++ {
		m.links = append(m.links, m.open(fmt.Sprint("tgt", i), netio.Config{}))
	}
	if more := descriptors(t) - files; more != n-1 {
		t.Errorf("%d descriptors for %d links", more, n-1)
	}
	if n := watchers(); n != watching {
		t.Errorf("%d goroutines watch; %d did with one link", n, watching)
	}
	var changes []uint64
	for _, l := range m.links {
		changes = append(changes, l.Changes())
	}
	if err := m.place.Run("ip", "link", "set", "tgt7", "mtu", "1400"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); m.links[7].Changes() == changes[7]; {
		if m.host.Wait(time.Second); time.Now().After(end) {
			t.Fatal("the link does not hear of its MTU")
		}
	}
	for i, l := range m.links {
		if i != 7 && l.Changes() != changes[i] {
			t.Errorf("%s has changed", l.Name())
		}
	}
	if err := m.links[3].Close(); err != nil {
		t.Error(err)
	}
	if err := m.links[3].Close(); err == nil {
		t.Error("a link is closed twice")
	}
}

// TestWays changes how frames are received: the ways are told, and why.
func TestWays(t *testing.T) {
	w := newWire(t, netio.Config{})
	if way, why := w.a.ReceiveWay(); way != "recvmmsg" || why != "not asked for" {
		t.Errorf("received by %s: %s", way, why)
	}
	if got := w.a.Warnings(0); len(got) > 0 {
		t.Errorf("warns of a way that nobody has asked for: %q", got)
	}
	w = newWire(t, netio.Config{Fast: true})
	for _, c := range []struct {
		mtu, way, why string
		warning       []string
	}{
		{"1500", "ring", "", nil},
		{"40000", "recvmmsg", "an MTU of 40000 is too large for a receive ring",
			[]string{"tgt0: frames are received by recvmmsg, slower than by a ring: an MTU of 40000 is too large for a receive ring"}},
		{"9000", "ring", "", nil},
	} {
		w.run(t, "link", "set", "tgt0", "mtu", c.mtu)
		await(t, w.a, "the way of MTU "+c.mtu, func() bool {
			if _, err := w.a.Receive(buffers(1, 100)); err != nil {
				t.Fatal(err)
			}
			way, why := w.a.ReceiveWay()
			return way == c.way && why == c.why
		})
		if got := w.a.Warnings(0); !slices.Equal(got, c.warning) {
			t.Errorf("at MTU %s it warns %q; want %q", c.mtu, got, c.warning)
		}
	}
}
