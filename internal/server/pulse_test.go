// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// interval is the watchdog's of these tests.
const interval = 40 * time.Millisecond

// waitHost is a host in memory that keeps the longest limit of a Wait.
type waitHost struct {
	*frametest.Host
	longest atomic.Int64
	forever atomic.Bool
}

// Wait is the host's, noted.
func (h *waitHost) Wait(limit time.Duration) {
	if limit < 0 {
		h.forever.Store(true)
	}
	if int64(limit) > h.longest.Load() {
		h.longest.Store(int64(limit))
	}
	h.Host.Wait(limit)
}

// pulsing is a server whose loop shows that it turns.
type pulsing struct {
	*stage
	host  *waitHost
	link  *frametest.Link
	beats chan struct{}
}

// startPulsing serves a store, as e9.0, for the length of a test.
func startPulsing(t *testing.T, store ata.Store) *pulsing {
	p := newPulsing(t, store)
	p.server.Pulse(interval, func() {
		select {
		case p.beats <- struct{}{}:
		default:
		}
	})
	p.serve(patience)
	return p
}

// newPulsing makes the server of startPulsing, without a pulse.
func newPulsing(t *testing.T, store ata.Store) *pulsing {
	link := frametest.NewLink(1500)
	host := &waitHost{Host: link.Host}
	p := &pulsing{newStage(t, host, buffers, bufferLen, link), host, link, make(chan struct{}, 1)}
	p.add(blade.New(store, blade.Config{Shelf: 9}))
	return p
}

// await waits for n beats.
func (p *pulsing) await(n int) {
	p.t.Helper()
	late := time.After(patience)
	for range n {
		select {
		case <-p.beats:
		case <-late:
			p.t.Fatal("the loop does not show that it turns")
		}
	}
}

// TestPulseIdle checks that the loop turns where nothing happens, and at least
// twice per interval.
func TestPulseIdle(t *testing.T) {
	p := startPulsing(t, frametest.Export{}.NewStore())
	p.await(10)
	if longest := time.Duration(p.host.longest.Load()); longest > interval/2 || p.host.forever.Load() {
		t.Errorf("it waits for frames for %v, for ever: %v; the interval is %v", longest, p.host.forever.Load(), interval)
	}
}

// TestPulseWithShareInFlight has the disk hang with all buffers but the one that is
// for receiving: the loop is healthy, and goes on when they come back, with what comes
// then.
func TestPulseWithShareInFlight(t *testing.T) {
	hang := make(chan struct{})
	release := sync.OnceFunc(func() { close(hang) })
	defer release()
	p := startPulsing(t, newSlowStore(func() time.Duration {
		<-hang
		return 0
	}))
	for tag := range uint32(2 * buffers) {
		p.link.Deliver(transferFrame(1+tag, uint64(tag), 1, nil))
	}
	eventually(t, func() bool { return p.server.Stats().Exports[0].InFlight == buffers-1 }, "not every other buffer is in flight")
	p.await(10)
	release()
	eventually(t, func() bool { return p.server.Stats().Exports[0].InFlight == 0 }, "the buffers do not come back")
	p.link.Deliver(transferFrame(3*buffers, 0, 1, nil))
	if !p.link.Await(func() bool { return p.link.Reply(3*buffers) != nil }) {
		t.Error("the loop does not go on")
	}
}

// stuckStore is a store on which the leader itself gets stuck.
type stuckStore struct {
	*frametest.Store
	stuck, hang chan struct{}
}

// TryReadAt never should wait, and does.
func (s stuckStore) TryReadAt([][]byte, int64) error {
	s.stuck <- struct{}{}
	<-s.hang
	return ata.ErrWouldWait
}

// TestNoPulseOfAHangingLoop has the loop hang: nothing must show that it turns.
func TestNoPulseOfAHangingLoop(t *testing.T) {
	store := stuckStore{frametest.Export{}.NewStore(), make(chan struct{}), make(chan struct{})}
	p := startPulsing(t, store)
	p.await(3)
	p.link.Deliver(transferFrame(1, 0, 1, nil))
	<-store.stuck
	select {
	case <-p.beats: // from before
	default:
	}
	select {
	case <-p.beats:
		t.Error("a loop that hangs shows that it turns")
	case <-time.After(10 * interval):
	}
	close(store.hang)
	p.await(3)
}

// TestNoPulse checks that without a watchdog the loop waits for frames alone.
func TestNoPulse(t *testing.T) {
	p := newPulsing(t, frametest.Export{}.NewStore())
	p.serve(patience)
	for tag := uint32(1); !p.host.forever.Load() && tag < 10000; tag++ {
		p.link.Deliver(transferFrame(tag, 0, 1, nil))
		if !p.link.Await(func() bool { return p.link.Reply(tag) != nil }) {
			t.Fatal("not answered")
		}
		p.link.Forget()
	}
	if longest := p.host.longest.Load(); longest > 0 || !p.host.forever.Load() {
		t.Errorf("it waits for %v, for ever: %v", time.Duration(longest), p.host.forever.Load())
	}
}
