// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package netio_test

import (
	"sync"
	"testing"
	"time"

	"vblade/internal/netio"
	"vblade/test/peer"
)

// many is a host with several links, each of which is joined to a peer's.
type many struct {
	t     *testing.T
	place *place
	host  *netio.Host
	names []string // of the interfaces
	links []*netio.Link
	peers []*peer.Station
}

// newMany opens n links of a host.
func newMany(t *testing.T, n int, c netio.HostConfig, cfg netio.Config) *many {
	t.Helper()
	m := &many{t: t, place: newPlace(t)}
	err := m.place.Do(func() (err error) {
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
	for range n {
		names := m.place.lay(t)
		m.names = append(m.names, names[0])
		m.links = append(m.links, m.open(names[0], cfg))
		m.peers = append(m.peers, open(t, m.place, names[1], netio.Config{}))
	}
	return m
}

// open opens a link of the host.
func (m *many) open(name string, cfg netio.Config) *netio.Link {
	m.t.Helper()
	cfg.EtherType = etherType
	var l *netio.Link
	err := m.place.Do(func() (err error) {
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
			m.host.Wait(-1)
			m.sleep(10 * time.Millisecond) // one Wake ends no two Waits
		})
	}
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
			for range 4 {
				if err := m.links[1].Close(); err != nil {
					t.Error(err)
				}
				m.links[1] = m.open(m.names[1], c.link)
			}
			close(stop)
			m.host.Wake()
			all.Wait()
		})
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
