// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

// TestReceiveBuffer checks that the kernel holds as many bytes as we may ask for.
func TestReceiveBuffer(t *testing.T) {
	const asked = 1 << 20
	w := newWire(t, netio.Config{ReceiveBuffer: asked})
	most, err := os.ReadFile("/proc/sys/net/core/rmem_max")
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := strconv.Atoi(strings.TrimSpace(string(most)))
	if err != nil {
		t.Fatal(err)
	}
	if n := w.a.ReceiveBuffer(); n != asked && n != min(asked, allowed) {
		t.Errorf("the receive buffer has %d bytes; want %d, or the %d that a user may have", n, asked, allowed)
	}
}

// TestLoopback sends on lo what lo then receives.
func TestLoopback(t *testing.T) {
	h := newPlace(t)
	l := open(t, h, "lo", netio.Config{Buffers: 1})
	if l.MTU() != 65536 || l.MAC() != [6]byte{} {
		t.Errorf("MTU %d, address %v", l.MTU(), l.MAC())
	}
	const longest = 14 + 65536
	send(t, l, frame(etherType, longest, 5))
	bufs := l.Buffers()
	if !l.Wait(patience) {
		t.Fatal("Wait was interrupted")
	}
	if n, err := l.Receive(bufs); n != 1 || err != nil || len(bufs[0]) != longest || number(bufs[0]) != 5 {
		t.Errorf("received %d, %v: %d bytes", n, err, len(bufs[0]))
	}
}

// TestNotEthernet refuses an interface that carries no Ethernet frames.
func TestNotEthernet(t *testing.T) {
	h := newPlace(t)
	if err := h.Run("ip", "tuntap", "add", "tun7", "mode", "tun"); err != nil {
		lab.Skip(t, "a tun interface: "+err.Error(), "run as root, with the tun module loaded")
	}
	_, err := tryOpen(h, "tun7", netio.Config{})
	if want := "interface tun7 is not Ethernet; name one that carries Ethernet frames"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

// TestUnknownInterface says which interfaces there are.
func TestUnknownInterface(t *testing.T) {
	w := layWire(t)
	_, err := tryOpen(w.host, "eth7", netio.Config{})
	if err == nil || !strings.HasPrefix(err.Error(), "interface eth7: no such network interface; there are ") {
		t.Fatalf("got %v", err)
	}
	for _, name := range []string{"lo", "tgt0", "ini0"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%q does not name %s", err, name)
		}
	}
}

// TestNotPermitted opens a Link without the capability that it takes.
func TestNotPermitted(t *testing.T) {
	w := layWire(t)
	var got, may error
	err := w.host.Do(func() error {
		if err := netio.Permitted(); err != nil {
			t.Errorf("where it is permitted: %v", err)
		}
		restore, err := withoutRaw()
		if err != nil {
			return err
		}
		may = netio.Permitted()
		_, got = peer.Open("tgt0", netio.Config{}, netio.HostConfig{})
		return restore()
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "open a packet socket on tgt0: operation not permitted (needs root or CAP_NET_RAW)"; got == nil || got.Error() != want {
		t.Errorf("got %v; want %s", got, want)
	}
	if want := "open a packet socket: operation not permitted (needs root or CAP_NET_RAW)"; may == nil || may.Error() != want {
		t.Errorf("got %v; want %s", may, want)
	}
}

// withoutRaw takes CAP_NET_RAW from the calling thread until restore.
func withoutRaw() (restore func() error, err error) {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var before [2]unix.CapUserData
	if err := unix.Capget(&header, &before[0]); err != nil {
		return nil, err
	}
	without := before
	without[0].Effective &^= 1 << unix.CAP_NET_RAW
	return func() error { return unix.Capset(&header, &before[0]) }, unix.Capset(&header, &without[0])
}

// TestLongBuffers checks that buffers are long enough for the MTU at start, wherever the
// byte is that begins a page.
func TestLongBuffers(t *testing.T) {
	w := layWire(t)
	for _, test := range []struct {
		mtu, align, length int
		fast               bool
	}{
		{1500, 0, 12288, false},
		{9000, 36, 12288, true},
		{12274, 36, 12288, true},
		{12275, 36, 16384, true},
		{16371, 36, 20480, true},
		{65521, 36, 65536, true},
		{65535, 36, 65550, true},
	} {
		w.run(t, "link", "set", "tgt0", "mtu", strconv.Itoa(test.mtu))
		l, err := tryOpen(w.host, "tgt0", netio.Config{Buffers: 5, Align: test.align, Fast: test.fast})
		if err != nil {
			t.Fatal(err)
		}
		bufs, align := l.Buffers(), test.align
		if len(bufs) != 5 {
			t.Fatalf("%d buffers", len(bufs))
		}
		for i, b := range bufs {
			if len(b) != test.length || cap(b) != test.length {
				t.Errorf("MTU %d: buffer %d has %d bytes, at most %d; want %d", test.mtu, i, len(b), cap(b), test.length)
			}
			if at := uintptr(unsafe.Pointer(&b[align])); at%uintptr(os.Getpagesize()) != 0 {
				t.Errorf("buffer %d: byte %d is at %#x", i, align, at)
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
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
