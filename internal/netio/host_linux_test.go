// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"fmt"
	"runtime"
	"slices"
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
		n, err := unix.Poll(fds, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := poll(); n != 0 || len(before) != 3 {
		t.Errorf("%d of %d descriptors are readable", n, len(before))
	}
	m.peers[1].Send([][]byte{frame(etherType, 60, 1)})
	if n := poll(); n != 1 || !m.host.Ready() {
		t.Errorf("%d descriptors are readable, and ready is %v, where a frame has come", n, m.host.Ready())
	}
	m.rest()
	m.host.Wake()
	if n := poll(); n != 1 {
		t.Errorf("%d descriptors are readable, where the alarm rings", n)
	}
	m.host.Silence()
	if n := poll(); n != 0 || m.host.Ready() {
		t.Errorf("%d descriptors are readable where the alarm is silent", n)
	}
	if err := m.links[0].Close(); err != nil {
		t.Error(err)
	}
	if n := len(m.host.Descriptors()); n != 2 || !m.host.Ready() || !slices.Equal(before, kept) {
		t.Errorf("%d descriptors without the link that was closed; ready: %v", n, m.host.Ready())
	}
	m.links = m.links[1:]
}

// TestOneWatcher opens many links: none brings a goroutine, or more descriptors
// than its socket; each hears of its own interface, and only of that.
func TestOneWatcher(t *testing.T) {
	const n = 20
	m := newMany(t, 1, netio.HostConfig{}, netio.Config{})
	for i := 1; i < n; i++ {
		if err := m.place.Run("ip", "link", "add", fmt.Sprint("tgt", i), "type", "veth", "peer", "name", fmt.Sprint("ini", i)); err != nil {
			t.Fatal(err)
		}
	}
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	for i := 1; i < n; i++ {
		m.links = append(m.links, m.open(fmt.Sprint("tgt", i), netio.Config{}))
	}
	if more := descriptors(t) - files; more != n-1 {
		t.Errorf("%d descriptors for %d links", more, n-1)
	}
	for end := time.Now().Add(patience); runtime.NumGoroutine() > goroutines; runtime.Gosched() {
		if time.Now().After(end) { // the test's own need a moment to end
			t.Fatalf("%d goroutines for %d links", runtime.NumGoroutine()-goroutines, n-1)
		}
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
	if got := w.a.Ways(); got.Receive != "recvmmsg" || got.WhyReceive != "not asked for" {
		t.Errorf("%+v", got)
	}
	w = newWire(t, netio.Config{Fast: true})
	for _, c := range []struct {
		mtu  string
		want netio.Ways
	}{
		{"1500", netio.Ways{Receive: "ring"}},
		{"40000", netio.Ways{Receive: "recvmmsg", WhyReceive: "an MTU of 40000 is too large for a receive ring"}},
		{"9000", netio.Ways{Receive: "ring"}},
	} {
		w.run(t, "link", "set", "tgt0", "mtu", c.mtu)
		await(t, w.a, "the way of MTU "+c.mtu, func() bool {
			if _, err := w.a.Receive(buffers(1, 100)); err != nil {
				t.Fatal(err)
			}
			got := w.a.Ways()
			return got.Receive == c.want.Receive && got.WhyReceive == c.want.WhyReceive
		})
	}
}
