// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

// TestInterrupt checks that Interrupt ends a Wait and every later one.
func TestInterrupt(t *testing.T) {
	w := newWire(t, netio.Config{})
	if !w.a.Wait(time.Millisecond) {
		t.Error("a Wait that nobody interrupted says so")
	}
	ended := make(chan bool)
	go func() { ended <- w.a.Wait(-1) }()
	w.a.Interrupt()
	select {
	case more := <-ended:
		if more {
			t.Error("the interrupted Wait does not say so")
		}
	case <-time.After(patience):
		t.Fatal("Wait does not end")
	}
	send(t, w.b, frame(etherType, 60, 1))
	for _, limit := range []time.Duration{-1, 0, time.Hour} {
		if w.a.Wait(limit) {
			t.Errorf("Wait(%v) after Interrupt says that there is more", limit)
		}
	}
}

// TestMTU checks that the MTU is read anew, and what is known of an interface
// that is gone.
func TestMTU(t *testing.T) {
	w := newWire(t, netio.Config{})
	if n := w.a.MTU(); n != 1500 {
		t.Errorf("the MTU is %d", n)
	}
	for _, mtu := range []int{9000, 68, 1400} {
		w.run(t, "link", "set", "tgt0", "mtu", strconv.Itoa(mtu))
		if n := w.a.MTU(); n != mtu {
			t.Errorf("the MTU is %d; want %d", n, mtu)
		}
	}
	w.run(t, "link", "del", "tgt0")
	if n := w.a.MTU(); n != 1400 {
		t.Errorf("the MTU of the interface that is gone was 1400; now it is %d", n)
	}
}

// TestAddress checks what a Link says of its interface.
func TestAddress(t *testing.T) {
	w := layWire(t)
	w.run(t, "link", "set", "tgt0", "address", "02:00:00:00:12:34")
	a := open(t, w.host, "tgt0", netio.Config{EtherType: etherType})
	if mac := a.MAC(); mac != [6]byte{2, 0, 0, 0, 0x12, 0x34} {
		t.Errorf("the address is %v", net.HardwareAddr(mac[:]))
	}
	if a.Name() != "tgt0" {
		t.Errorf("the name is %s", a.Name())
	}
}

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
	h := lab.TestHost(t)
	l := open(t, h, "lo", netio.Config{EtherType: etherType, Buffers: 1})
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
	h := lab.TestHost(t)
	if err := h.Run("ip", "tuntap", "add", "tun7", "mode", "tun"); err != nil {
		lab.Skip(t, "a tun interface: "+err.Error(), "run as root, with the tun module loaded")
	}
	_, err := tryOpen(h, "tun7", netio.Config{EtherType: etherType})
	if want := "interface tun7 is not Ethernet; name one that carries Ethernet frames"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

// TestUnknownInterface says which interfaces there are.
func TestUnknownInterface(t *testing.T) {
	w := layWire(t)
	_, err := tryOpen(w.host, "eth7", netio.Config{EtherType: etherType})
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
	var got error
	err := w.host.Do(func() error {
		restore, err := withoutRaw()
		if err != nil {
			return err
		}
		_, got = peer.Open("tgt0", netio.Config{EtherType: etherType}, netio.HostConfig{})
		return restore()
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := "open a packet socket on tgt0: operation not permitted (needs root or CAP_NET_RAW)"; got == nil || got.Error() != want {
		t.Errorf("got %v; want %s", got, want)
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

// TestBuffers checks where buffers lie: the byte at align begins a page, and none
// reaches into another; and that they are long enough for the MTU at start.
func TestBuffers(t *testing.T) {
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
		l, err := tryOpen(w.host, "tgt0", netio.Config{EtherType: etherType, Buffers: 5, Align: test.align, Fast: test.fast})
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

// TestNothingAllocates counts the allocations of a batch's way over the wire.
func TestNothingAllocates(t *testing.T) {
	for name, cfg := range map[string]netio.Config{
		"by messages": {},
		"by a ring":   {Fast: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, cfg, netio.HostConfig{Linger: time.Millisecond})
			out := [][]byte{frame(etherType, 60, 1), frame(etherType, 1514, 2), frame(etherType, 60, 3)}
			bufs, stamps := buffers(8, 2000), make([]int64, 8)
			allocations := testing.AllocsPerRun(200, func() {
				w.b.Send(out)
				for got := 0; got < len(out); {
					w.a.Wait(patience)
					n, _ := w.a.Link.Receive(bufs, stamps)
					got += n
				}
				w.a.MTU()
			})
			if allocations != 0 {
				t.Errorf("%v allocations for each batch", allocations)
			}
		})
	}
}
