// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

// many is a host with several links, each of which is joined to a peer's.
type many struct {
	t     *testing.T
	lab   *lab.Host
	host  *netio.Host
	links []*netio.Link
	peers []*peer.Station
}

// newMany opens n links of a host.
func newMany(t *testing.T, n int, c netio.HostConfig, cfg netio.Config) *many {
	t.Helper()
	m := &many{t: t, lab: lab.TestHost(t)}
	err := m.lab.Do(func() (err error) {
		m.host, err = netio.NewHost(c)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.host.Close(); err != nil {
			t.Error(err)
		}
	})
	for i := range n {
		own, other := fmt.Sprint("tgt", i), fmt.Sprint("ini", i)
		if err := m.lab.Wire(own, other, 1500); err != nil {
			t.Fatal(err)
		}
		m.links = append(m.links, m.open(own, cfg))
		m.peers = append(m.peers, open(t, m.lab, other, netio.Config{EtherType: etherType}))
	}
	return m
}

// open opens a link of the host.
func (m *many) open(name string, cfg netio.Config) *netio.Link {
	m.t.Helper()
	cfg.EtherType = etherType
	var l *netio.Link
	err := m.lab.Do(func() (err error) {
		l, err = m.host.Open(name, cfg)
		return err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	return l
}

// rest empties the host until nothing is pending.
func (m *many) rest() {
	m.t.Helper()
	for end := time.Now().Add(patience); ; {
		before := time.Now()
		m.host.Wait(20 * time.Millisecond)
		if time.Since(before) >= 20*time.Millisecond {
			return
		}
		for _, l := range m.links {
			if _, err := l.Receive(buffers(8, 2000), nil); err != nil {
				m.t.Fatal(err)
			}
		}
		if time.Now().After(end) {
			m.t.Fatal("Wait never sleeps")
		}
	}
}

// sleep waits until a Wait lasts as long as it may, and returns how long that was.
// The kernel interrupts some: that is none of our business.
func (m *many) sleep(limit time.Duration) time.Duration {
	m.t.Helper()
	for range 100 {
		begin := time.Now()
		m.host.Wait(limit)
		if took := time.Since(begin); took >= limit {
			return took
		}
	}
	m.t.Fatalf("no Wait lasts %v", limit)
	return 0
}

// waits are how a host may wait, and its links receive.
var waits = map[string]struct {
	host netio.HostConfig
	link netio.Config
}{
	"sleeping":             {},
	"lingering":            {host: netio.HostConfig{Linger: time.Millisecond}},
	"awake":                {host: netio.HostConfig{Linger: time.Millisecond, Spin: time.Millisecond}},
	"by rings, sleeping":   {link: netio.Config{Fast: true, ReceiveBuffer: 1 << 20}},
	"by rings, lingering":  {netio.HostConfig{Linger: time.Millisecond}, netio.Config{Fast: true, ReceiveBuffer: 1 << 20}},
	"by rings, awake":      {netio.HostConfig{Linger: time.Millisecond, Spin: time.Millisecond}, netio.Config{Fast: true, ReceiveBuffer: 1 << 20}},
	"by rings, long awake": {netio.HostConfig{Linger: patience, Spin: patience}, netio.Config{Fast: true, ReceiveBuffer: 1 << 20}},
}

// TestManyLinks waits for all links of a host at once: whichever a frame comes to
// ends the wait.
func TestManyLinks(t *testing.T) {
	for name, c := range waits {
		t.Run(name, func(t *testing.T) {
			m := newMany(t, 3, c.host, c.link)
			m.rest()
			for k := range 30 {
				sent := time.AfterFunc(time.Duration(k%3)*time.Millisecond, func() {
					m.peers[k%3].Send([][]byte{frame(etherType, 60, k)})
				})
				bufs := buffers(8, 2000)
				for n, err := 0, error(nil); n == 0; n, err = m.links[k%3].Receive(bufs, nil) {
					if m.host.Wait(patience); err != nil {
						t.Fatal(err)
					}
				}
				if got := number(bufs[0]); got != k {
					t.Fatalf("frame %d arrived; want %d", got, k)
				}
				sent.Stop()
			}
		})
	}
}

// TestWaitLimit waits for nothing: no shorter and not much longer than it should.
func TestWaitLimit(t *testing.T) {
	for name, c := range waits {
		t.Run(name, func(t *testing.T) {
			m := newMany(t, 1, c.host, c.link)
			m.rest()
			for _, limit := range []time.Duration{0, 300 * time.Microsecond, time.Millisecond, 30 * time.Millisecond} {
				if took := m.sleep(limit); took > limit+patience/2 {
					t.Errorf("waited %v; want %v", took, limit)
				}
			}
		})
	}
}

// TestWake ends a Wait, this one or the next, and no other.
func TestWake(t *testing.T) {
	for name, c := range waits {
		t.Run(name, func(t *testing.T) {
			m := newMany(t, 1, c.host, c.link)
			m.rest()
			for range 20 {
				ended := make(chan struct{})
				go func() {
					m.host.Wait(-1)
					close(ended)
				}()
				m.host.Wake()
				select {
				case <-ended:
				case <-time.After(patience):
					t.Fatal("Wake ends no Wait")
				}
			}
			m.host.Wake()
			m.host.Wake() // as if once
			if !m.host.Ready() {
				t.Error("the alarm rings, and the host is not ready")
			}
			m.host.Wait(-1)
			if m.host.Ready() {
				t.Error("the host is ready for nothing")
			}
			m.sleep(10 * time.Millisecond) // one Wake ends no two Waits
		})
	}
}

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

// TestComeAndGo opens and closes links, under frames, while the host waits.
func TestComeAndGo(t *testing.T) {
	for name, c := range waits {
		t.Run(name, func(t *testing.T) {
			m := newMany(t, 2, c.host, c.link)
			stop := make(chan struct{})
			var all sync.WaitGroup
			all.Add(2)
			go func() { // waits, and receives from the link that stays
				defer all.Done()
				bufs := buffers(8, 2000)
				for {
					select {
					case <-stop:
						return
					default:
						m.host.Wait(-1)
						m.links[0].Receive(bufs, nil)
						m.host.Ready()
					}
				}
			}()
			go func() {
				defer all.Done()
				for k := 0; ; k++ {
					select {
					case <-stop:
						return
					default:
						m.peers[k%2].Send([][]byte{frame(etherType, 60, k)})
					}
				}
			}()
			for range 8 {
				if err := m.links[1].Close(); err != nil {
					t.Error(err)
				}
				m.links[1] = m.open("tgt1", c.link)
			}
			close(stop)
			m.host.Wake()
			all.Wait()
		})
	}
}

// TestOneWatcher opens many links: none brings a goroutine, or more descriptors
// than its socket; each hears of its own interface, and only of that.
func TestOneWatcher(t *testing.T) {
	const n = 20
	m := newMany(t, 1, netio.HostConfig{}, netio.Config{})
	for i := 1; i < n; i++ {
		if err := m.lab.Run("ip", "link", "add", fmt.Sprint("tgt", i), "type", "veth", "peer", "name", fmt.Sprint("ini", i)); err != nil {
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
	if err := m.lab.Run("ip", "link", "set", "tgt7", "mtu", "1400"); err != nil {
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

// stamped has a frame arrive at link i of the host, and returns when it came, and
// when it was sent at the latest.
func (m *many) stamped(i int) (came, sent int64) {
	m.t.Helper()
	m.peers[i].Send([][]byte{frame(etherType, 60, i)})
	sent = time.Now().UnixNano()
	for end := time.Now().Add(patience); time.Now().Before(end); m.host.Wait(time.Second) {
		bufs, stamps := buffers(4, 100), make([]int64, 4)
		n, err := m.links[i].Receive(bufs, stamps)
		if err != nil {
			m.t.Fatal(err)
		}
		if n > 0 {
			return stamps[0], sent
		}
	}
	m.t.Fatalf("no frame comes to link %d", i)
	return 0, 0
}

// TestStamps sends frames to two links in turn: their stamps are in order, and
// tell when they came, not when they were received.
func TestStamps(t *testing.T) {
	for way, cfg := range bothWays {
		t.Run(way, func(t *testing.T) {
			m := newMany(t, 2, netio.HostConfig{}, cfg)
			begin := time.Now().UnixNano()
			for i := range m.links { // the kernel takes a moment to begin
				for end := time.Now().Add(patience); ; {
					if came, sent := m.stamped(i); came <= sent {
						break
					}
					if time.Now().After(end) {
						t.Fatal("frames are stamped after they were sent")
					}
				}
			}
			for k := range 20 {
				came, sent := m.stamped(k % 2)
				if came < begin || came > sent {
					t.Errorf("frame %d came at %d; want between %d and %d", k, came, begin, sent)
				}
				begin = came
			}
		})
	}
}

// TestFewStamps gives room for fewer stamps than frames, or none.
func TestFewStamps(t *testing.T) {
	for way, cfg := range bothWays {
		t.Run(way, func(t *testing.T) {
			w := newWire(t, cfg)
			send(t, w.b, frame(etherType, 60, 1), frame(etherType, 60, 2), frame(etherType, 60, 3))
			stamps := []int64{-1, -1, -1}
			w.a.Wait(patience)
			if n, err := w.a.Link.Receive(buffers(2, 100), stamps[:1]); n != 2 || err != nil {
				t.Fatalf("received %d, %v", n, err)
			}
			if n, err := w.a.Link.Receive(buffers(2, 100), nil); n != 1 || err != nil {
				t.Fatalf("received %d, %v", n, err)
			}
			if stamps[0] <= 0 || stamps[1] != -1 {
				t.Errorf("the stamps are %d", stamps)
			}
		})
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
