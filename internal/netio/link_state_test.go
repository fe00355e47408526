// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package netio_test

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"
	"unsafe"

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

// TestLinkDownAndUp takes the interface down and up: that is noticed, sending and
// receiving are no errors meanwhile, and go on.
func TestLinkDownAndUp(t *testing.T) {
	w := newWire(t, netio.Config{})
	for k := range 3 {
		w.setUp(t, 0, false)
		awaitDown(t, w.a, netio.ErrDown)
		checkSilent(t, w.a)
		w.setUp(t, 0, true)
		awaitDown(t, w.a, nil)
		awaitDown(t, w.b, nil)
		send(t, w.b, frame(etherType, 60, k))
		if f := receive(t, w.a, 1, 100); number(f[0]) != k {
			t.Errorf("frame %d arrived; want %d", number(f[0]), k)
		}
	}
}

// TestGone removes the interface, and makes another of its name: the link finds
// it, with its filter, and its counts go on.
func TestGone(t *testing.T) {
	w := layWire(t)
	a := w.open(t, 0, netio.Config{Filter: only(t)})
	w.remove(t)
	awaitDown(t, a, netio.ErrGone)
	checkSilent(t, a)
	if n := a.MTU(); n != 1500 {
		t.Errorf("the MTU of the interface that is gone was 1500; now it is %d", n)
	}
	w.remake(t)
	awaitDown(t, a, nil)
	b := w.open(t, 1, netio.Config{})
	send(t, b, frame(etherType, 60, 1), frame(etherType, 60, 2))
	if f := receive(t, a, 1, 100); number(f[0]) != 2 {
		t.Errorf("frame %d has passed", number(f[0]))
	}
	if n, err := a.Drops(); n != 0 || err != nil {
		t.Errorf("%d frames were dropped, %v", n, err)
	}
}

// TestMTU checks that the MTU is read anew, and each change counted; and sends the
// longest frame that it allows us to promise.
func TestMTU(t *testing.T) {
	w := newWire(t, netio.Config{})
	if n := w.a.MTU(); n != 1500 {
		t.Errorf("the MTU is %d", n)
	}
	for k, mtu := range []int{9000, 1400, 1500} {
		before := w.a.Changes()
		w.setMTU(t, 1, mtu)
		w.setMTU(t, 0, mtu)
		if n := w.a.MTU(); n != usable(mtu) {
			t.Errorf("the MTU is %d; want %d", n, usable(mtu))
		}
		await(t, w.a, "the MTU", func() bool { return w.a.Changes() > before })
		want := frame(etherType, w.b.MTU()+14, k)
		send(t, w.b, want)
		if f := receive(t, w.a, 1, 10000); !bytes.Equal(f[0], want) {
			t.Errorf("%d bytes arrived of %d", len(f[0]), len(want))
		}
	}
}

// TestAddress checks that a link has its interface's name and address, notices a
// new one, and receives what is sent to that.
func TestAddress(t *testing.T) {
	w := newWire(t, netio.Config{})
	before := w.a.Changes()
	want := [6]byte{2, 0, 0, 0, 0x12, 0x34}
	w.setMAC(t, 0, want)
	await(t, w.a, "the address "+net.HardwareAddr(want[:]).String(), func() bool { return w.a.MAC() == want })
	if w.a.Changes() == before || w.a.Name() != w.names[0] {
		t.Errorf("%d changes of %s, %d before", w.a.Changes(), w.a.Name(), before)
	}
	for k, to := range [][6]byte{{2, 0, 0, 0, 0x12, 0x35}, want} {
		f := frame(etherType, 60, k)
		copy(f, to[:])
		send(t, w.b, f)
	}
	if f := receive(t, w.a, 1, 100); number(f[0]) != 1 {
		t.Error("a frame for another station is seen")
	}
}

// TestDrops sends more frames than a small buffer has room for, twice: what is not
// received was dropped, and is counted once. A link that is closed counts no more.
func TestDrops(t *testing.T) {
	w := newWire(t, netio.Config{ReceiveBuffer: 1 << 10})
	const sent = 1000
	received, last := uint64(0), uint64(0)
	for round := uint64(1); round <= 2; round++ {
		for i := range sent {
			send(t, w.b, frame(etherType, 1514, i), frame(otherType, 60, i))
		}
		dropped, err := uint64(0), error(nil)
		for end := time.Now().Add(patience); received+dropped < round*sent && err == nil; dropped, err = w.a.Drops() {
			n, err := w.a.Receive(buffers(netio.MaxBatch, 2000))
			if err != nil || time.Now().After(end) {
				t.Fatalf("%d of %d frames arrived, and the others are not counted; %v", received, round*sent, err)
			}
			received += uint64(n)
		}
		if err != nil || dropped <= last || received+dropped != round*sent {
			t.Errorf("round %d: %d received, %d dropped, %d before, %v", round, received, dropped, last, err)
		}
		last = dropped
	}
	if err := w.a.Link.Close(); err != nil {
		t.Error(err)
	}
	if n, err := w.a.Drops(); n != last || !errors.Is(err, net.ErrClosed) {
		t.Errorf("%d dropped, %v after Close; want %d", n, err, last)
	}
}

// TestBuffers checks where buffers lie: the byte at align begins a page, and none
// reaches into another.
func TestBuffers(t *testing.T) {
	const length = 12 << 10 // more than the MTU asks for
	bufs := layWire(t).open(t, 0, netio.Config{Buffers: 5, Align: 36}).Buffers()
	for i, b := range bufs {
		if at := uintptr(unsafe.Pointer(&b[36])); len(b) != length || cap(b) != length || at%uintptr(os.Getpagesize()) != 0 {
			t.Errorf("buffer %d has %d bytes, and byte 36 at %#x", i, len(b), at)
		}
		for k := range b {
			b[k] = byte(i + 1)
		}
	}
	for i, b := range bufs {
		if b[0] != byte(i+1) || b[len(b)-1] != byte(i+1) {
			t.Errorf("buffer %d shares bytes with another", i)
		}
	}
}
