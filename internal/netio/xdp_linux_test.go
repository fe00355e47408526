// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"encoding/binary"
	"os"
	"strings"
	"testing"
	"time"

	"vblade/test/lab"
)

// testType is the EtherType of the frames of these tests: one for experiments.
const testType = 0x88b5

// xdpTest is a wire with a link at either end, the sending one fast.
type xdpTest struct {
	t        *testing.T
	host     station
	from, to *linked
	in       [][]byte
}

// sender returns the link's AF_XDP sender, or skips the test where there is none.
func (x *xdpTest) sender() *xdpSender {
	x.t.Helper()
	x.from.sendMu.Lock()
	defer x.from.sendMu.Unlock()
	if x.from.fast == nil {
		lab.Skip(x.t, "an AF_XDP socket", "use Linux 5.14 or later, with CONFIG_XDP_SOCKETS")
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
	x.in = x.to.Buffers()
	return x
}

// open opens a link for the length of the test.
func (x *xdpTest) open(name string, fast bool) *linked {
	x.t.Helper()
	return openOn(x.t, x.host, name, Config{EtherType: testType, Fast: fast, ReceiveBuffer: 8 << 20, Buffers: MaxBatch, Align: 36})
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

// lengths are those of frames, with and without odd pieces.
var lengths = []int{60, 61, 1060, xdpPiece, xdpPiece + 1, 2 * xdpPiece, 8740, 9014}

// batch returns as many frames as go at once, of all lengths, from number k on.
func (x *xdpTest) batch(k int) [][]byte {
	frames := make([][]byte, MaxBatch)
	for i := range frames {
		frames[i] = x.frame(k+i, lengths[i%len(lengths)])
	}
	return frames
}

// sendFrom sends copies of frames that lie in bufs and returns whether each
// buffer was kept, with another one in its place. All buffers are overwritten.
func (x *xdpTest) sendFrom(bufs, frames [][]byte) (kept []bool) {
	x.t.Helper()
	out := make([][]byte, len(frames))
	for i, f := range frames {
		out[i] = bufs[i][:copy(bufs[i], f)]
	}
	if n, err := x.from.Send(out); n != len(out) || err != nil {
		x.t.Fatalf("sent %d of %d: %v", n, len(out), err)
	}
	for i, f := range out {
		kept = append(kept, &f[0] != &bufs[i][0])
		bufs[i] = f[:cap(f)]
		for k := range bufs[i] {
			bufs[i][k] = 0xd5
		}
	}
	return kept
}

// TestXDPSender sends more frames than there are spare buffers, short and long
// ones mixed, and writes to the buffers at once. The kernel keeps those of the
// Link; to those that lie elsewhere nothing happens.
func TestXDPSender(t *testing.T) {
	x := newXDPTest(t)
	x.sender()
	own, elsewhere := x.from.Buffers(), make([][]byte, MaxBatch)
	for i := range elsewhere {
		elsewhere[i] = make([]byte, 9014)
	}
	for round := range 2 * xdpEntries / MaxBatch {
		bufs, wantKept := own, true
		if round%2 == 1 {
			bufs, wantKept = elsewhere, false
		}
		frames := x.batch(round * MaxBatch)
		for i, kept := range x.sendFrom(bufs, frames) {
			if kept != wantKept {
				t.Fatalf("round %d: a frame of %d bytes was sent; its buffer was kept: %v", round, len(frames[i]), kept)
			}
		}
		x.expect(frames)
		x.checkBuffers(own)
	}
}

// checkBuffers is checkAll of a fast link.
func (x *xdpTest) checkBuffers(own [][]byte) {
	x.t.Helper()
	x.checkAll(own, xdpSpares)
}

// checkAll checks that nobody else has the Link's buffers that we have, and that
// the kernel has given back all others, of which there are so many spare ones.
// Nothing waits to be sent.
func (x *xdpTest) checkAll(own [][]byte, spare int) {
	x.t.Helper()
	x.from.sendMu.Lock()
	defer x.from.sendMu.Unlock()
	if x.from.fast != nil {
		x.from.fast.reap()
	}
	owners := map[int]int{}
	for _, i := range x.from.bufs.spare {
		owners[i]++
	}
	for _, b := range own {
		i, ok := x.from.bufs.index(b)
		if !ok {
			x.t.Fatalf("a buffer at %p is none of the Link's", b)
		}
		owners[i]++
	}
	if len(owners) != spare+MaxBatch || len(owners) != len(x.from.bufs.spare)+len(own) {
		x.t.Fatalf("%d buffers have %d places; want %d, each in one", len(owners), len(x.from.bufs.spare)+len(own), spare+MaxBatch)
	}
}

// TestXDPSenderOnePiece sends where the kernel takes no frames of several pieces:
// those go another way.
func TestXDPSenderOnePiece(t *testing.T) {
	x := newXDPTest(t)
	x.sender().pieces = 1
	frames := x.batch(0)
	for i, kept := range x.sendFrom(x.from.Buffers(), frames) {
		if kept != (i < 4) { // those before the first one that is too long
			t.Errorf("frame %d, of %d bytes: its buffer was kept: %v", i, len(frames[i]), kept)
		}
	}
	x.expect(frames)
}

// TestXDPSenderFewSpares sends more than there are spare buffers, as where the
// interface keeps frames for a while: those for which there is none go another way.
func TestXDPSenderFewSpares(t *testing.T) {
	const few = 5
	x := newXDPTest(t)
	x.sender()
	x.from.sendMu.Lock()
	rest := x.from.bufs.spare[few:]
	x.from.bufs.spare = x.from.bufs.spare[:few:few]
	x.from.sendMu.Unlock()
	own, frames := x.from.Buffers(), x.batch(0)
	for i, kept := range x.sendFrom(own, frames) {
		if kept != (i < few) {
			t.Errorf("frame %d: its buffer was kept: %v", i, kept)
		}
	}
	x.expect(frames)
	x.from.sendMu.Lock()
	x.from.bufs.spare = append(x.from.bufs.spare, rest...)
	x.from.sendMu.Unlock()
	x.checkBuffers(own)
}

// TestXDPSuits opens links on interfaces that hand frames on: they send another way.
func TestXDPSuits(t *testing.T) {
	x := newXDPTest(t)
	x.sender()
	tried := 0
	for _, kind := range []string{"macvlan", "vlan id 7", "bridge"} {
		words := strings.Fields(kind)
		args := []string{"link", "add", "name", "over0", "type"}
		if words[0] != "bridge" {
			args = []string{"link", "add", "link", "tgt0", "name", "over0", "type"}
		}
		if err := x.host.Run("ip", append(args, words...)...); err != nil {
			t.Logf("no %s here: %v", words[0], err)
			continue
		}
		x.ip("link", "set", "over0", "up")
		if way, _ := x.open("over0", true).SendWay(); way == wayXDP {
			t.Errorf("AF_XDP on a %s", words[0])
		}
		x.ip("link", "del", "over0")
		tried++
	}
	if tried == 0 {
		lab.Skip(t, "interfaces that hand frames on", "use a kernel with CONFIG_MACVLAN or CONFIG_BRIDGE")
	}
}

// strand has the kernel keep a buffer of own, with a frame that it does not take:
// the interface is down, of which Send has not heard.
func (x *xdpTest) strand(own [][]byte) {
	x.t.Helper()
	x.ip("link", "set", "tgt0", "down")
	x.from.sendMu.Lock()
	defer x.from.sendMu.Unlock()
	if x.from.fast == nil {
		return
	}
	frames := [][]byte{own[0][:60]}
	if n := x.from.fast.send(frames, 1514, time.Now()); n != 1 {
		x.t.Errorf("the sender takes %d frames for an interface that is down; want 1", n)
	}
	own[0] = frames[0][:cap(frames[0])]
}

// TestXDPSenderTaken opens a second fast link on an interface, which has one
// queue: it sends all the same.
func TestXDPSenderTaken(t *testing.T) {
	x := newXDPTest(t)
	second := x.open("tgt0", true)
	first, _ := x.from.SendWay()
	if way, _ := second.SendWay(); first == wayXDP && way == wayXDP {
		t.Error("two AF_XDP sockets on one queue")
	}
	want := [][]byte{x.frame(1, 60), x.frame(2, 1500)}
	if n, err := second.Send(want); n != 2 || err != nil {
		t.Fatalf("sent %d of 2: %v", n, err)
	}
	x.expect(want)
}

// TestXDPSenderLinkDown takes the link down and up again: frames sent in between
// are lost, before Send has heard of it and after, and counted; those sent then
// are not.
func TestXDPSenderLinkDown(t *testing.T) {
	x := newXDPTest(t)
	x.sender()
	own := x.from.Buffers()
	for round := range 3 {
		unsent, accepted := x.from.Unsent(), uint64(1)
		x.from.binding.Lock() // the watcher waits
		x.strand(own)
		for range 2 * xdpEntries { // more than the ring holds
			n, err := x.from.Send([][]byte{x.frame(100+round, 60)})
			if err != nil {
				t.Fatal(err)
			}
			accepted += uint64(n)
		}
		x.from.binding.Unlock()
		x.await(func() bool { return x.from.Down() == ErrDown })
		x.checkBuffers(own)
		x.ip("link", "set", "tgt0", "up")
		x.awaitUp()
		want := [][]byte{x.frame(round, 60), x.frame(round+10, 9014)}
		if n, err := x.from.Send(want); n != 2 || err != nil {
			t.Fatalf("sent %d of 2 when the link was up again: %v", n, err)
		}
		x.expect(want)
		if n := x.from.Unsent() - unsent; n != accepted {
			t.Errorf("%d frames count as unsent; want %d", n, accepted)
		}
	}
	x.checkBuffers(own)
}
