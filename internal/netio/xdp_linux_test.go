// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
	"time"

	"vblade/internal/lab"
)

// testType is the EtherType of the frames of these tests: one for experiments.
const testType = 0x88b5

// xdpTest is a wire with a link at either end, the sending one fast.
type xdpTest struct {
	t        *testing.T
	host     station
	from, to *Link
	in       [][]byte
}

// sender returns the link's AF_XDP sender, or skips the test where there is none.
func (x *xdpTest) sender() *xdpSender {
	x.t.Helper()
	x.from.sendMu.Lock()
	defer x.from.sendMu.Unlock()
	if x.from.fast == nil {
		lab.Skip(x.t, "an AF_XDP socket", "use Linux 5.10 or later, with CONFIG_XDP_SOCKETS")
	}
	return x.from.fast
}

// newXDPTest lays the wire.
func newXDPTest(t *testing.T) *xdpTest {
	t.Helper()
	x := &xdpTest{t: t, host: inside{}}
	if os.Getenv(insideVariable) == "" {
		x.host = lab.TestHost(t)
	}
	if err := x.host.Wire("tgt0", "ini0", 9000); err != nil {
		t.Fatal(err)
	}
	x.from = x.open("tgt0", true)
	x.to = x.open("ini0", false)
	bufs, err := NewBuffers(MaxBatch, 14)
	if err != nil {
		t.Fatal(err)
	}
	x.in = bufs
	return x
}

// open opens a link for the length of the test.
func (x *xdpTest) open(name string, fast bool) *Link {
	x.t.Helper()
	return openOn(x.t, x.host, name, Config{EtherType: testType, Fast: fast, ReceiveBuffer: 8 << 20})
}

// openOn opens a link on a host for the length of the test.
func openOn(t *testing.T, host station, name string, cfg Config) *Link {
	t.Helper()
	var l *Link
	err := host.Do(func() (err error) {
		l, err = Open(name, cfg)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// ip runs ip on the host.
func (x *xdpTest) ip(args ...string) {
	x.t.Helper()
	if err := x.host.Run("ip", args...); err != nil {
		x.t.Fatal(err)
	}
}

// await waits until the sending link is as wanted.
func (x *xdpTest) await(met func() bool) {
	x.t.Helper()
	for end := time.Now().Add(10 * time.Second); !met(); x.from.Wait(time.Millisecond) {
		if time.Now().After(end) {
			x.t.Fatalf("the link is not as it should be: MTU %d, down: %v", x.from.MTU(), x.from.Down())
		}
	}
}

// awaitUp waits until both links are up.
func (x *xdpTest) awaitUp() {
	x.t.Helper()
	x.await(func() bool { return x.from.Down() == nil && x.to.Down() == nil })
}

// frame returns frame number k, of n bytes that differ from any other's.
func (x *xdpTest) frame(k, n int) []byte {
	f := make([]byte, n)
	mac := x.to.MAC()
	copy(f, mac[:])
	binary.BigEndian.PutUint16(f[12:], testType)
	for i := 14; i+4 <= n; i += 4 {
		binary.BigEndian.PutUint32(f[i:], uint32(k*10007+i))
	}
	return f
}

// expect receives frames in any order until all of want have come.
func (x *xdpTest) expect(want [][]byte) {
	x.t.Helper()
	left := map[string]bool{}
	for _, f := range want {
		left[string(f)] = true
	}
	for end := time.Now().Add(10 * time.Second); len(left) > 0; {
		x.to.Wait(time.Second)
		n, err := x.to.Receive(x.in)
		if err != nil || time.Now().After(end) {
			x.t.Fatalf("%d of %d frames did not arrive; %v", len(left), len(want), err)
		}
		for _, f := range x.in[:n] {
			if !left[string(f)] {
				x.t.Fatalf("a frame of %d bytes arrived that was not sent, or twice", len(f))
			}
			delete(left, string(f))
		}
	}
}

// TestXDPSender sends more frames than there are chunks, short and long ones
// mixed, and reuses the buffers at once.
func TestXDPSender(t *testing.T) {
	x := newXDPTest(t)
	x.sender()
	buf := make([]byte, 0, 9014)
	for round := range 3 * xdpChunks / MaxBatch {
		var want, out [][]byte
		for k := range MaxBatch {
			n := []int{60, 61, 1060, xdpChunk, xdpChunk + 1, 8740}[k%6]
			want = append(want, x.frame(round*MaxBatch+k, n))
		}
		for _, f := range want {
			out = append(out, append(buf[:0:0], f...))
		}
		if n, err := x.from.Send(out); n != len(out) || err != nil {
			t.Fatalf("sent %d of %d: %v", n, len(out), err)
		}
		for _, f := range out {
			clear(f)
		}
		x.expect(want)
	}
}

// TestXDPSenderTaken opens a second fast link on an interface, which has one
// queue: it sends all the same.
func TestXDPSenderTaken(t *testing.T) {
	x := newXDPTest(t)
	second := x.open("tgt0", true)
	if x.from.fast != nil && second.fast != nil {
		t.Error("two AF_XDP sockets on one queue")
	}
	want := [][]byte{x.frame(1, 60), x.frame(2, 1500)}
	if n, err := second.Send(want); n != 2 || err != nil {
		t.Fatalf("sent %d of 2: %v", n, err)
	}
	x.expect(want)
}

// TestXDPSenderLinkDown takes the link down and up again: frames sent in
// between are lost or late, those after are not.
func TestXDPSenderLinkDown(t *testing.T) {
	x := newXDPTest(t)
	for round := range 3 {
		x.ip("link", "set", "tgt0", "down")
		lost := x.frame(100+round, 60)
		for range 2 * xdpChunks { // more than the ring holds
			if _, err := x.from.Send([][]byte{lost}); err != nil {
				t.Fatal(err)
			}
		}
		x.ip("link", "set", "tgt0", "up")
		x.awaitUp()
		want := x.frame(round, 60)
		if n, err := x.from.Send([][]byte{want}); n != 1 || err != nil {
			t.Fatalf("sent %d of 1 when the link was up again: %v", n, err)
		}
		x.awaitEither(want, lost)
	}
	if fast := x.from.fast; fast != nil {
		if fast.reap(); len(fast.free) < xdpChunks/2 {
			t.Errorf("only %d of %d chunks are free", len(fast.free), xdpChunks)
		}
	}
}

// awaitEither receives until want has come; late may come before it.
func (x *xdpTest) awaitEither(want, late []byte) {
	x.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		x.to.Wait(time.Second)
		n, _ := x.to.Receive(x.in) // the peer of a link that went down reports that once
		for _, f := range x.in[:n] {
			if bytes.Equal(f, want) {
				return
			}
			if !bytes.Equal(f, late) {
				x.t.Fatalf("a frame arrived that was not sent: % x", f)
			}
		}
	}
	x.t.Fatal("what was sent when the link was up again did not arrive")
}
