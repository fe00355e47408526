// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"errors"
	"testing"
	"time"

	"vblade/internal/netio"
)

// await waits until the link is as wanted: Wait has to end for every change.
func await(t *testing.T, l *netio.Link, what string, met func() bool) {
	t.Helper()
	bufs := buffers(8, 2000)
	for end := time.Now().Add(patience); ; {
		seen := l.Changes()
		if met() {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not %s; Down says %v", l.Name(), what, l.Down())
		}
		if l.Changes() == seen {
			l.Wait(patience)
		}
		if _, err := l.Receive(bufs); err != nil {
			t.Fatal(err)
		}
	}
}

// awaitDown waits until Down says so.
func awaitDown(t *testing.T, l *netio.Link, want error) {
	t.Helper()
	what := "up"
	if want != nil {
		what = want.Error()
	}
	await(t, l, what, func() bool { return errors.Is(l.Down(), want) && (want != nil) == (l.Down() != nil) })
}

// awaitUp waits until both ends of the wire are up.
func (w *wire) awaitUp(t *testing.T) {
	t.Helper()
	awaitDown(t, w.a, nil)
	awaitDown(t, w.b, nil)
}

// exchange checks that frames go both ways, and that a's filter is in force: it
// passes even numbers.
func (w *wire) exchange(t *testing.T, number int) {
	t.Helper()
	send(t, w.b, frame(etherType, 60, 2*number+1), frame(etherType, 60, 2*number))
	expect(t, w.a, 2*number)
	send(t, w.a, frame(etherType, 60, 2*number))
	expect(t, w.b, 2*number)
}

// expect receives until a frame comes, which must have the number.
func expect(t *testing.T, l *netio.Link, want int) {
	t.Helper()
	if f := receive(t, l, 1, 2000); number(f[0]) != want {
		t.Fatalf("%s: frame %d arrived; want %d", l.Name(), number(f[0]), want)
	}
}

// TestLinkDown takes the interface down and up: that is no error, and sending
// and receiving go on.
func TestLinkDown(t *testing.T) {
	w := newWire(t, netio.Config{Filter: only(t)})
	for round := range 3 {
		w.exchange(t, 10*round)
		w.run(t, "link", "set", "tgt0", "down")
		awaitDown(t, w.a, netio.ErrDown)
		awaitDown(t, w.b, netio.ErrNoCarrier)
		for _, l := range []*netio.Link{w.a, w.b} {
			if n, err := l.Send([][]byte{frame(etherType, 60, 1)}); n != 0 || err != nil {
				t.Errorf("%s: sent %d, %v on a link that is down", l.Name(), n, err)
			}
			if n, err := l.Receive(buffers(1, 100)); n != 0 || err != nil {
				t.Errorf("%s: received %d, %v on a link that is down", l.Name(), n, err)
			}
		}
		w.run(t, "link", "set", "tgt0", "up")
		w.awaitUp(t)
	}
	w.exchange(t, 100)
}
