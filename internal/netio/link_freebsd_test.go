// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"vblade/internal/netio"
)

// TestBatches sends frames of all lengths, more than one call takes, and receives
// them in order, a few at a time of what one read brings.
func TestBatches(t *testing.T) {
	w := newWire(t)
	sent := make([][]byte, 2*netio.MaxBatch+7)
	for i := range sent {
		sent[i] = frame(etherType, 60+i*(1514-60)/(len(sent)-1), i)
	}
	send(t, w.b, sent...)
	for i, f := range receive(t, w.a, len(sent), 2000) {
		if !bytes.Equal(f, sent[i]) {
			t.Fatalf("frame %d arrived as one of %d bytes, number %d", i, len(f), number(f))
		}
	}
	if n, err := w.a.Receive(buffers(3, 2000)); n != 0 || err != nil {
		t.Errorf("nothing more was sent; received %d, %v", n, err)
	}
	if n, err := w.a.Drops(); n != 0 || err != nil {
		t.Errorf("%d frames were dropped, %v", n, err)
	}
}

// TestOwnFrames checks that a link does not see what it sends, nor other types.
func TestOwnFrames(t *testing.T) {
	w := newWire(t)
	send(t, w.a, frame(etherType, 60, 1))
	send(t, w.b, frame(0x88b6, 60, 2), frame(etherType, 60, 3))
	if f := receive(t, w.a, 1, 100); number(f[0]) != 3 {
		t.Errorf("frame %d was seen", number(f[0]))
	}
}

// TestLongFrames checks that a frame longer than its buffer has length 0, and
// that one longer than the MTU is dropped, and keeps no other.
func TestLongFrames(t *testing.T) {
	w := newWire(t)
	n, err := w.b.Send([][]byte{
		frame(etherType, 60, 1), frame(etherType, 1515, 2), frame(etherType, 1514, 3), frame(etherType, 9000, 4), frame(etherType, 200, 5),
	})
	if n != 3 || err != nil {
		t.Errorf("sent %d, %v; want 3", n, err)
	}
	for i, f := range receive(t, w.a, 3, 200) {
		if want := []int{60, 0, 200}[i]; len(f) != want {
			t.Errorf("frame %d has %d bytes; want %d", i, len(f), want)
		}
	}
}

// TestSetFilter replaces a filter by another.
func TestSetFilter(t *testing.T) {
	w := layWire(t)
	a := open(t, w.names[0], netio.Config{Filter: only(t, 0)})
	b := open(t, w.names[1], netio.Config{})
	send(t, b, frame(etherType, 60, 1), frame(etherType, 60, 2))
	if f := receive(t, a, 1, 100); number(f[0]) != 2 {
		t.Errorf("frame %d has passed", number(f[0]))
	}
	if err := a.SetFilter(only(t, 1)); err != nil {
		t.Fatal(err)
	}
	send(t, b, frame(etherType, 60, 4), frame(0x88b6, 60, 5), frame(etherType, 60, 7))
	if f := receive(t, a, 1, 100); number(f[0]) != 7 {
		t.Errorf("frame %d has passed", number(f[0]))
	}
}

// TestLinkDown takes the interface down and up: that is noticed, sending and
// receiving are no errors meanwhile, and go on.
func TestLinkDown(t *testing.T) {
	w := newWire(t)
	before := w.a.Changes()
	ifconfig(t, w.names[0], "down")
	before = become(t, w.a, netio.ErrDown, before)
	if n, err := w.a.Send([][]byte{frame(etherType, 60, 1)}); n != 0 || err != nil {
		t.Errorf("sent %d, %v on a link that is down", n, err)
	}
	ifconfig(t, w.names[0], "up")
	become(t, w.a, nil, before)
	send(t, w.b, frame(etherType, 60, 7))
	if f := receive(t, w.a, 1, 100); number(f[0]) != 7 {
		t.Errorf("frame %d arrived", number(f[0]))
	}
}

// TestGone destroys the interface, and makes another of its name: the link finds
// it, with its filter, and its counts go on.
func TestGone(t *testing.T) {
	w := layWire(t)
	a := open(t, w.names[0], netio.Config{Filter: only(t, 0)})
	pair := strings.TrimSuffix(w.names[0], "a")
	before := a.Changes()
	ifconfig(t, w.names[0], "destroy")
	before = become(t, a, netio.ErrGone, before)
	if n, err := a.Send([][]byte{frame(etherType, 60, 1)}); n != 0 || err != nil {
		t.Errorf("sent %d, %v on a link that is gone", n, err)
	}
	if n := a.MTU(); n != 1500 {
		t.Errorf("the MTU of the interface that is gone was 1500; now it is %d", n)
	}
	ifconfig(t, pair, "create")
	for _, name := range w.names {
		ifconfig(t, name, "up")
	}
	become(t, a, nil, before)
	b := open(t, w.names[1], netio.Config{})
	send(t, b, frame(etherType, 60, 1), frame(etherType, 60, 2))
	if f := receive(t, a, 1, 100); number(f[0]) != 2 {
		t.Errorf("frame %d has passed", number(f[0]))
	}
	if n, err := a.Drops(); n != 0 || err != nil {
		t.Errorf("%d frames were dropped, %v", n, err)
	}
}

// TestRenamed renames the interface: the link stays with it.
func TestRenamed(t *testing.T) {
	w := newWire(t)
	ifconfig(t, w.names[0], "name", w.names[0]+"x")
	t.Cleanup(func() { ifconfig(t, w.names[0]+"x", "name", w.names[0]) })
	send(t, w.b, frame(etherType, 60, 7))
	if f := receive(t, w.a, 1, 100); number(f[0]) != 7 {
		t.Errorf("frame %d arrived", number(f[0]))
	}
	if w.a.MTU() != 1500 || w.a.Down() != nil {
		t.Errorf("its MTU is %d, and it is %v", w.a.MTU(), w.a.Down())
	}
}

// TestDrops counts what a small buffer has no room for.
func TestDrops(t *testing.T) {
	w := layWire(t)
	a := open(t, w.names[0], netio.Config{ReceiveBuffer: 1})
	b := open(t, w.names[1], netio.Config{})
	const sent = 100
	for i := range sent {
		send(t, b, frame(etherType, 1514, i))
	}
	got := uint64(0)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); a.Wait(patience) {
		n, err := a.Receive(buffers(64, 2000))
		if err != nil {
			t.Fatal(err)
		}
		got += uint64(n)
		if lost, err := a.Drops(); err != nil || got+lost == sent {
			if err != nil || lost == 0 {
				t.Errorf("%d frames were dropped, %v", lost, err)
			}
			return
		}
	}
	t.Errorf("%d of %d frames arrived, and the others are not counted", got, sent)
}
