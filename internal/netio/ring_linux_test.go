// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"vblade/test/lab"
)

// ringTest is a wire with a link at either end, the receiving one with a ring.
type ringTest struct {
	t        *testing.T
	host     *lab.Host
	from, to *linked
	in       [][]byte
}

// newRingTest lays a wire of an MTU, with a ring of so many bytes.
func newRingTest(t *testing.T, mtu, size int) *ringTest {
	t.Helper()
	r := &ringTest{t: t, host: lab.TestHost(t)}
	if err := r.host.Wire("tgt0", "ini0", mtu); err != nil {
		t.Fatal(err)
	}
	r.to = openOn(t, r.host, "tgt0", Config{EtherType: testType, Fast: true, ReceiveBuffer: size})
	r.from = openOn(t, r.host, "ini0", Config{EtherType: testType})
	for range MaxBatch {
		r.in = append(r.in, make([]byte, 9014))
	}
	return r
}

// numbered returns frame number k, of n bytes.
func numbered(k, n int) []byte {
	f := bytes.Repeat([]byte{byte(k)}, n)
	copy(f, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 9, testType >> 8, testType & 0xff})
	binary.BigEndian.PutUint32(f[14:], uint32(k))
	return f
}

// send sends frames number first to end-1, of n bytes.
func (r *ringTest) send(first, end, n int) {
	r.t.Helper()
	for k := first; k < end; k++ {
		if sent, err := r.from.Send([][]byte{numbered(k, n)}); sent != 1 || err != nil {
			r.t.Fatalf("sent %d of frame %d: %v", sent, k, err)
		}
	}
}

// expect receives frames number first to end-1, of n bytes, in order.
func (r *ringTest) expect(first, end, n int) {
	r.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for k := first; k < end; {
		got, err := r.to.Receive(r.in)
		if err != nil || time.Now().After(deadline) {
			r.t.Fatalf("frame %d did not arrive; %v", k, err)
		}
		for _, f := range r.in[:got] {
			if want := numbered(k, n); !bytes.Equal(f, want) {
				r.t.Fatalf("instead of frame %d one of %d bytes arrived: % x ...", k, len(f), f[:min(20, len(f))])
			}
			k++
		}
		if got == 0 {
			r.to.Wait(time.Second)
		}
	}
}

// TestRing goes round a ring three times, with frames of the shortest and the
// longest length, and of one between.
func TestRing(t *testing.T) {
	for _, mtu := range []int{1500, 9000} {
		r := newRingTest(t, mtu, 4*ringBlock)
		entries := len(r.to.ring.entries)
		if want := 4 * (ringBlock / (payloadAt + mtu + slack + 15)); entries < want {
			t.Fatalf("MTU %d: %d entries; want %d", mtu, entries, want)
		}
		next := 0
		for range 9 {
			for _, n := range []int{60, 1060, mtu + headerLen} {
				r.send(next, next+entries/9, n)
				r.expect(next, next+entries/9, n)
				next += entries / 9
			}
		}
	}
}

// TestRingFull sends more frames than there are entries: the first ones are kept,
// those that follow once there is room again arrive.
func TestRingFull(t *testing.T) {
	r := newRingTest(t, 1500, ringBlock)
	entries := len(r.to.ring.entries)
	for range 3 {
		r.send(0, entries+7, 60)
		r.expect(0, entries, 60)
		if n, err := r.to.Receive(r.in); n != 0 || err != nil {
			t.Fatalf("more frames arrived than there are entries: %d, %v", n, err)
		}
	}
}

// TestRingLongFrames checks that a frame longer than its buffer has length 0,
// and one longer than the MTU does not come at all or has none either.
func TestRingLongFrames(t *testing.T) {
	r := newRingTest(t, 1500, ringBlock)
	for i := range r.in {
		r.in[i] = make([]byte, 200)
	}
	for k, n := range []int{60, 201, 200, 1514} {
		r.send(k, k+1, n)
	}
	got := 0
	for got < 4 {
		r.to.Wait(10 * time.Second)
		n, err := r.to.Receive(r.in[got:])
		if err != nil || n == 0 {
			t.Fatalf("received %d, %v", n, err)
		}
		got += n
	}
	for i, want := range []int{60, 0, 200, 0} {
		if len(r.in[i]) != want {
			t.Errorf("frame %d has length %d; want %d", i, len(r.in[i]), want)
		}
	}
}

// TestRingFitsMTU changes the MTU: the ring's entries hold the longest frame of
// each, where one can; without a ring frames are received all the same.
func TestRingFitsMTU(t *testing.T) {
	r := newRingTest(t, 1500, 4*ringBlock)
	next := 0
	for _, step := range []struct {
		mtu  string
		long int
		ring bool
	}{{"9000", 9014, true}, {"1500", 1514, true}, {"40000", 9014, false}, {"1500", 1514, true}, {"9000", 9014, true}} {
		changes := r.to.Changes()
		for _, name := range []string{"ini0", "tgt0"} {
			if err := r.host.Run("ip", "link", "set", name, "mtu", step.mtu); err != nil {
				t.Fatal(err)
			}
		}
		for end := time.Now().Add(10 * time.Second); r.to.Changes() == changes; {
			if r.to.Wait(time.Second); time.Now().After(end) {
				t.Fatal("the Link does not hear of its MTU")
			}
		}
		if n, err := r.to.Receive(r.in); n != 0 || err != nil {
			t.Fatalf("received %d, %v", n, err)
		}
		if (r.to.ring != nil) != step.ring {
			t.Errorf("MTU %s: there is a ring: %v", step.mtu, r.to.ring != nil)
		}
		r.send(next, next+20, step.long)
		r.expect(next, next+20, step.long)
		next += 20
	}
}

// TestRingLinkDown takes the link down and up: Wait sleeps meanwhile, and what
// comes afterwards is received.
func TestRingLinkDown(t *testing.T) {
	r := newRingTest(t, 1500, ringBlock)
	for round := range 3 {
		for _, state := range []string{"down", "up"} {
			if err := r.host.Run("ip", "link", "set", "tgt0", state); err != nil {
				t.Fatal(err)
			}
		}
		quiet := 0
		for begin := time.Now(); quiet == 0; {
			before := time.Now()
			r.to.Wait(50 * time.Millisecond)
			if n, err := r.to.Receive(r.in); n != 0 || err != nil {
				t.Fatalf("received %d, %v", n, err)
			}
			if time.Since(before) >= 50*time.Millisecond {
				quiet++
			}
			if time.Since(begin) > 10*time.Second {
				t.Fatal("Wait never sleeps")
			}
		}
		r.send(round, round+1, 60)
		r.expect(round, round+1, 60)
	}
}
