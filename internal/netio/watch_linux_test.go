// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"vblade/internal/netio"
	"vblade/test/peer"
)

// await waits until the link is as wanted. Wait has to end for every change.
func await(t *testing.T, l *peer.Station, what string, met func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		seen := l.Changes()
		if time.Now().After(end) {
			t.Fatalf("%s: %s is not to be seen, or ended no Wait; Down says %v", l.Name(), what, l.Down())
		}
		if met() {
			return
		}
		for l.Changes() == seen && time.Now().Before(end) {
			l.Wait(time.Until(end))
			if _, err := l.Receive(buffers(8, 2000)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// awaitDown waits until Down says so.
func awaitDown(t *testing.T, l *peer.Station, want error) {
	t.Helper()
	await(t, l, fmt.Sprint("down: ", want), func() bool { return errors.Is(l.Down(), want) })
}

// awaitUp waits until both ends of the wire are up.
func (w *wire) awaitUp(t *testing.T) {
	t.Helper()
	awaitDown(t, w.a, nil)
	awaitDown(t, w.b, nil)
}

// exchange checks that frames go both ways, and of those that a's filter, which
// only made, does not pass, none.
func (w *wire) exchange(t *testing.T) {
	t.Helper()
	for number := range 3 {
		send(t, w.b, frame(etherType, 60, 2*number+1), frame(etherType, 60, 2*number))
		if f := receive(t, w.a, 1, 2000); numberOf(f) != 2*number {
			t.Fatalf("frame %d arrived; want %d", numberOf(f), 2*number)
		}
		send(t, w.a, frame(etherType, 1500, number))
		if f := receive(t, w.b, 1, 2000); numberOf(f) != number {
			t.Fatalf("frame %d arrived; want %d", numberOf(f), number)
		}
	}
}

// numberOf returns the number of the first frame.
func numberOf(frames [][]byte) int { return number(frames[0]) }

// checkSilent checks that sending and receiving on a link that is down do
// nothing, and are no error.
func checkSilent(t *testing.T, l *peer.Station) {
	t.Helper()
	for range 3 {
		if n, err := l.Send([][]byte{frame(etherType, 60, 1), frame(etherType, 60, 2)}); n != 0 || err != nil {
			t.Errorf("%s: sent %d, %v while the link is down", l.Name(), n, err)
		}
		if n, err := l.Receive(buffers(1, 100)); n != 0 || err != nil {
			t.Errorf("%s: received %d, %v while the link is down", l.Name(), n, err)
		}
	}
}

// TestLinkDown takes the interface down and up, which its peer sees as a loss
// of the carrier: sending and receiving go on.
func TestLinkDown(t *testing.T) {
	w := newWire(t, netio.Config{Filter: only(t)})
	w.exchange(t)
	for range 3 {
		w.run(t, "link", "set", "tgt0", "down")
		awaitDown(t, w.a, netio.ErrDown)
		awaitDown(t, w.b, netio.ErrNoCarrier)
		checkSilent(t, w.a)
		checkSilent(t, w.b)
		w.run(t, "link", "set", "tgt0", "up")
		w.awaitUp(t)
		w.exchange(t)
	}
}

// TestStartDown opens a link while its interface is down.
func TestStartDown(t *testing.T) {
	w := layWire(t)
	w.run(t, "link", "set", "tgt0", "down")
	w.a = open(t, w.host, "tgt0", netio.Config{EtherType: etherType, Filter: only(t)})
	w.b = open(t, w.host, "ini0", netio.Config{EtherType: etherType})
	if down := w.a.Down(); down != netio.ErrDown {
		t.Errorf("Down says %v", down)
	}
	if down := w.b.Down(); down != netio.ErrNoCarrier {
		t.Errorf("Down says %v at the other end", down)
	}
	checkSilent(t, w.a)
	w.run(t, "link", "set", "tgt0", "up")
	w.awaitUp(t)
	w.exchange(t)
}

// TestMTUAndAddressChange changes both, up and down, and other things that are
// no change of ours.
func TestMTUAndAddressChange(t *testing.T) {
	w := newWire(t, netio.Config{Filter: only(t)})
	for i, mtu := range []int{9000, 68, 1500} {
		seen := w.a.Changes()
		w.run(t, "link", "set", "tgt0", "mtu", strconv.Itoa(mtu))
		await(t, w.a, "the MTU", func() bool { return w.a.MTU() == mtu && w.a.Changes() == seen+1 })
		mac := net.HardwareAddr{2, 0, 0, 0, 0, byte(i)}
		w.run(t, "link", "set", "tgt0", "address", mac.String())
		await(t, w.a, "the address", func() bool { return w.a.MAC() == [6]byte(mac) && w.a.Changes() == seen+2 })
	}
	seen := w.a.Changes()
	w.run(t, "link", "set", "tgt0", "txqueuelen", "77")
	w.run(t, "link", "set", "ini0", "mtu", "2000")
	w.run(t, "link", "set", "tgt0", "mtu", "1400")
	await(t, w.a, "the MTU", func() bool { return w.a.MTU() == 1400 && w.a.Changes() > seen })
	if n := w.a.Changes() - seen; n != 1 {
		t.Errorf("one change counts %d", n)
	}
	w.run(t, "link", "set", "tgt0", "mtu", "1500")
	w.exchange(t)
}

// TestFilterReplaced replaces the filter again and again under traffic: what
// neither program passes never arrives, and what each passes does.
func TestFilterReplaced(t *testing.T) {
	w := newWire(t, netio.Config{Filter: passing(t, 0)})
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		frames := [][]byte{frame(etherType, 60, 0), frame(etherType, 60, 1), frame(etherType, 60, 2)}
		for {
			select {
			case <-stop:
				return
			default:
				w.b.Send(frames)
			}
		}
	}()
	defer func() { close(stop); <-ended }()
	for round := range 200 {
		want := round % 2
		if err := w.a.SetFilter(passing(t, want)); err != nil {
			t.Fatal(err)
		}
		for got := -1; got != want; {
			if got = numberOf(receive(t, w.a, 1, 100)); got == 2 {
				t.Fatal("a frame arrived that no filter passes")
			}
		}
	}
	if err := w.a.SetFilter(nil); err != nil {
		t.Error(err)
	}
	for got := -1; got != 2; {
		got = numberOf(receive(t, w.a, 1, 100))
	}
}

// TestClose checks that Close leaves no goroutine and no descriptor, while the
// interfaces change.
func TestClose(t *testing.T) {
	w := layWire(t)
	before, files := runtime.NumGoroutine(), descriptors(t)
	for i := range 20 {
		a, err := tryOpen(w.host, "tgt0", netio.Config{EtherType: etherType, Fast: true})
		if err != nil {
			t.Fatal(err)
		}
		w.run(t, "link", "set", "tgt0", "mtu", strconv.Itoa(1400+i))
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d goroutines; before there were %d", runtime.NumGoroutine(), before)
		}
	}
	if n := descriptors(t); n > files {
		t.Errorf("%d descriptors are open; before there were %d", n, files)
	}
}

// descriptors counts the process's open files.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}
