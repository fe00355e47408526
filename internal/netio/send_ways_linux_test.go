// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/test/lab"
)

// awaitWay sends nothing until the link sends by a way.
func (x *xdpTest) awaitWay(want string) (why string) {
	x.t.Helper()
	x.await(func() bool {
		x.from.Send(nil)
		way, reason := x.from.SendWay()
		why = reason
		return way == want
	})
	return why
}

// tap makes a tap interface that is up and holds one frame, which nobody takes.
func tap(t *testing.T, host station, name string) {
	t.Helper()
	var file *os.File
	err := host.Do(func() error {
		fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		file = os.NewFile(uintptr(fd), "/dev/net/tun")
		ifr, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		ifr.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		return unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr)
	})
	if err != nil {
		lab.Skip(t, "a tap interface: "+err.Error(), "run as root, with the tun module loaded")
	}
	t.Cleanup(func() { file.Close() })
	if err := host.Run("ip", "link", "set", name, "txqueuelen", "1", "up"); err != nil {
		t.Fatal(err)
	}
}

// TestBypassAgain sends to an interface that is full: its queueing discipline
// holds frames, for a while, and the way is told.
func TestBypassAgain(t *testing.T) {
	x := newXDPTest(t)
	tap(t, x.host, "tap0")
	x.from = openOn(t, x.host, "tap0", Config{EtherType: testType})
	x.await(func() bool { return x.from.Down() == nil })
	x.awaitWay(wayBypass)
	for range 2 {
		x.from.Send([][]byte{x.frame(1, 60), x.frame(2, 60), x.frame(3, 60)})
		way, why := x.from.SendWay()
		if way != wayQdisc || !strings.Contains(why, "full") {
			t.Fatalf("frames for an interface that is full go by %s, because %q", way, why)
		}
		if why := x.awaitWay(wayBypass); strings.Contains(why, "full") {
			t.Errorf("the bypass is not the fastest way because %q", why)
		}
	}
}

// TestWayTold asks links which way they send.
func TestWayTold(t *testing.T) {
	x := newXDPTest(t)
	x.sender()
	if way, why := x.from.SendWay(); way != wayXDP || why != "" {
		t.Errorf("a fast link sends by %s, because %q", way, why)
	}
	if way, why := x.to.SendWay(); way != wayBypass || why == "" {
		t.Errorf("another sends by %s, because %q", way, why)
	}
	second := x.open("tgt0", true)
	if way, why := second.SendWay(); way != wayBypass || !strings.Contains(why, "busy") {
		t.Errorf("the second of a queue sends by %s, because %q", way, why)
	}
	warnings := second.Warnings(0)
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], "tgt0: frames are sent by bypass, slower than by AF_XDP: ") || !strings.Contains(warnings[0], "busy") {
		t.Errorf("the second of a queue warns %q", warnings)
	}
	if warnings := x.from.Warnings(0); len(warnings) > 0 {
		t.Errorf("a fast link warns %q", warnings)
	}
}

// TestXDPSenderLater opens a second fast link on an interface, which has one
// queue: when the first is closed, it gets the queue, and does not ask for it at
// each change until then.
func TestXDPSenderLater(t *testing.T) {
	x := newXDPTest(t)
	x.sender()
	first := x.from
	x.from = x.open("tgt0", true)
	for _, mtu := range []string{"1400", "1401", "1402"} {
		seen := x.from.Changes()
		x.ip("link", "set", "tgt0", "mtu", mtu)
		x.await(func() bool { return x.from.Changes() > seen })
	}
	x.from.senders.mu.Lock()
	if pause := x.from.senders.pause; pause > 2*firstRetry {
		t.Errorf("the next try comes after %v, as if each change had been one", pause)
	}
	x.from.senders.mu.Unlock()
	first.Close()
	if _, here := x.host.(inside); !here {
		runInside(t) // here the threads that try again are in another namespace
		return
	}
	x.awaitWay(wayXDP)
	want := [][]byte{x.frame(1, 60), x.frame(2, 1000)}
	x.sendFrom(x.from.Buffers(), want)
	x.expect(want)
}

// TestXDPNever has a link refused what it cannot have: it does not try again, and
// says why.
func TestXDPNever(t *testing.T) {
	x := newXDPTest(t)
	x.ip("link", "add", "name", "over0", "type", "bridge")
	l := x.open("over0", true)
	x.ip("link", "set", "over0", "up")
	x.from = l
	x.await(func() bool { return l.Down() != ErrDown })
	x.ip("link", "set", "tgt0", "master", "over0")
	x.await(func() bool { return l.Down() == nil })
	l.senders.mu.Lock()
	never, retry := l.senders.never, l.senders.retry
	l.senders.mu.Unlock()
	if !never || retry != nil {
		t.Errorf("AF_XDP never works: %v; next try: %v", never, retry)
	}
	if _, why := l.SendWay(); !strings.Contains(why, "bridge") {
		t.Errorf("AF_XDP is not used because %q", why)
	}
}

// TestXDPDrivers asks for drivers: those that nobody knows do not suit.
func TestXDPDrivers(t *testing.T) {
	x := newXDPTest(t)
	tap(t, x.host, "tap0")
	for name, kind := range map[string]string{"tap0": "tun", "tgt0": "veth"} {
		if err := xdpSuits(kind, x.from.fd, name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := xdpSuits("", x.from.fd, name); err == nil || !strings.Contains(err.Error(), kind) {
			t.Errorf("the driver of %s, which is not among the devices', suits: %v", name, err)
		}
	}
	if err := xdpSuits("", x.from.fd, "lo"); err == nil {
		t.Error("an interface without a driver suits")
	}
}

// TestXDPSenderWaits has the kernel refuse frames for a while: they are sent when
// it takes them.
func TestXDPSenderWaits(t *testing.T) {
	x := newXDPTest(t)
	x.sender()
	own, frames := x.from.Buffers(), x.batch(0)
	x.stall(time.Minute)
	x.sendFrom(own, frames)
	x.ip("link", "set", "tgt0", "up")
	x.expect(frames)
	x.from.binding.Unlock()
	x.checkBuffers(own)
	if n := x.from.Unsent(); n != 0 {
		t.Errorf("%d frames count as unsent", n)
	}
}

// TestXDPSenderExpires has the kernel refuse frames for longer than they may wait:
// they are dropped, and counted, and do not leave when the kernel takes frames.
func TestXDPSenderExpires(t *testing.T) {
	x := newXDPTest(t)
	x.sender()
	own, frames := x.from.Buffers(), x.batch(0)
	x.stall(time.Millisecond)
	x.sendFrom(own, frames)
	x.await(func() bool { return x.from.Unsent() == uint64(len(frames)) })
	x.ip("link", "set", "tgt0", "up")
	x.from.binding.Unlock()
	x.awaitFirst(x.frame(1000, 9014))
	x.awaitUp()
	x.checkBuffers(own)
}

// awaitFirst sends a frame until it arrives: the first that does.
func (x *xdpTest) awaitFirst(want []byte) {
	x.t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); x.to.Wait(time.Millisecond) {
		x.from.Send([][]byte{want})
		n, err := x.to.Receive(x.in)
		if err != nil {
			x.t.Fatal(err)
		}
		if n > 0 {
			if !bytes.Equal(x.in[0], want) {
				x.t.Fatalf("a frame of %d bytes arrived that is too old", len(x.in[0]))
			}
			return
		}
	}
	x.t.Fatal("nothing arrives")
}

// stall has frames wait for so long, and takes the interface down, of which the
// link does not hear until its binding is unlocked.
func (x *xdpTest) stall(patience time.Duration) {
	x.t.Helper()
	x.from.sendMu.Lock()
	x.from.backlog.patience = patience
	x.from.sendMu.Unlock()
	x.from.binding.Lock()
	x.ip("link", "set", "tgt0", "down")
}

// TestXDPSenderClosedEarly closes a sender of whose frames the kernel has taken
// one and not said that it has left: nobody else gets its buffer.
func TestXDPSenderClosedEarly(t *testing.T) {
	x := newXDPTest(t)
	s := x.sender()
	x.from.senders.mu.Lock()
	defer x.from.senders.mu.Unlock()
	taken := x.from.bufs.take()
	s.sent[taken] = 1
	x.from.dropSender(0)
	for _, i := range x.from.bufs.spare {
		if i == taken {
			t.Error("the buffer is spare")
		}
	}
}
