// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"bytes"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"vblade/internal/netio"
	"vblade/test/peer"
)

// TestInterrupt checks that Interrupt ends a Wait and every later one, and that a
// limit does.
func TestInterrupt(t *testing.T) {
	w := newWire(t)
	if !w.a.Wait(time.Millisecond) {
		t.Error("a Wait that nobody interrupted says so")
	}
	ended := make(chan bool)
	go func() {
		w.a.Wait(-1) // a change may end it
		ended <- w.a.Wait(-1)
	}()
	w.a.Interrupt()
	select {
	case more := <-ended:
		if more {
			t.Error("the interrupted Wait does not say so")
		}
	case <-time.After(patience):
		t.Fatal("Wait does not end")
	}
	if w.a.Wait(-1) || w.a.Wait(time.Hour) {
		t.Error("a Wait after Interrupt says that there is more")
	}
}

// TestMTU checks that the MTU is read anew, each change counted, and only what
// bpf can send is used.
func TestMTU(t *testing.T) {
	w := newWire(t)
	if n := w.a.MTU(); n != 1500 {
		t.Errorf("the MTU is %d", n)
	}
	most := min(os.Getpagesize(), 8192) - 14
	before := w.a.Changes()
	for _, mtu := range []int{9000, 1400} {
		for _, name := range w.names {
			ifconfig(t, name, "mtu", strconv.Itoa(mtu))
		}
		if n := w.a.MTU(); n != min(mtu, most) {
			t.Errorf("the MTU is %d; want %d", n, min(mtu, most))
		}
		before = become(t, w.a, nil, before)
		warned := strings.Contains(strings.Join(w.a.Warnings(0), "\n"), "of the MTU of "+w.names[0])
		if warned != (mtu > most) {
			t.Errorf("at an MTU of %d: a warning is %v", mtu, warned)
		}
	}
}

// TestLongest sends the longest frame that the MTU allows us to promise.
func TestLongest(t *testing.T) {
	w := newWire(t)
	for _, name := range w.names {
		ifconfig(t, name, "mtu", "9000")
	}
	want := frame(etherType, w.b.MTU()+14, 1)
	send(t, w.b, want)
	if f := receive(t, w.a, 1, 10000); !bytes.Equal(f[0], want) {
		t.Errorf("%d bytes arrived of %d", len(f[0]), len(want))
	}
}

// TestAddress checks that a link has its interface's address, and notices a new one.
func TestAddress(t *testing.T) {
	w := newWire(t)
	ifi, err := net.InterfaceByName(w.names[0])
	if err != nil {
		t.Fatal(err)
	}
	if mac := w.a.MAC(); !bytes.Equal(mac[:], ifi.HardwareAddr) {
		t.Errorf("the address is %v; want %v", net.HardwareAddr(mac[:]), ifi.HardwareAddr)
	}
	before := w.a.Changes()
	ifconfig(t, w.names[0], "ether", "02:00:00:00:12:34")
	for deadline := time.Now().Add(patience); w.a.MAC() != [6]byte{2, 0, 0, 0, 0x12, 0x34}; {
		if time.Now().After(deadline) {
			t.Fatal("the new address is not noticed")
		}
		w.a.Wait(patience)
	}
	if w.a.Changes() == before {
		t.Error("the new address is no change")
	}
}

// TestRefused opens what cannot be a link, and says why.
func TestRefused(t *testing.T) {
	_, err := peer.Open("none7", netio.Config{EtherType: etherType}, netio.HostConfig{})
	if err == nil || !strings.HasPrefix(err.Error(), "interface none7: no such network interface; there are ") {
		t.Errorf("got %v", err)
	}
	needRoot(t)
	_, err = peer.Open("lo0", netio.Config{EtherType: etherType}, netio.HostConfig{})
	if want := "interface lo0 is not Ethernet; name one that carries Ethernet frames"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}

// TestBuffers checks where buffers lie: the byte at align begins a page.
func TestBuffers(t *testing.T) {
	const length = 12 << 10 // more than the MTU asks for
	bufs := open(t, layWire(t).names[0], netio.Config{Buffers: 5, Align: 36}).Buffers()
	for i, b := range bufs {
		if at := uintptr(unsafe.Pointer(&b[36])); len(b) != length || at%uintptr(os.Getpagesize()) != 0 {
			t.Errorf("buffer %d has %d bytes, and byte 36 at %#x", i, len(b), at)
		}
		b[0], b[len(b)-1] = byte(i), byte(i)
	}
	for i, b := range bufs {
		if b[0] != byte(i) || b[len(b)-1] != byte(i) {
			t.Errorf("buffer %d shares bytes with another", i)
		}
	}
}

// TestNothingAllocates counts the allocations of a batch's way over the wire.
func TestNothingAllocates(t *testing.T) {
	w := newWire(t)
	out := [][]byte{frame(etherType, 60, 1), frame(etherType, 1514, 2), frame(etherType, 60, 3)}
	bufs := buffers(8, 2000)
	allocations := testing.AllocsPerRun(200, func() {
		w.b.Send(out)
		for got := 0; got < len(out); {
			w.a.Wait(patience)
			n, _ := w.a.Receive(bufs)
			got += n
		}
		w.a.MTU()
	})
	if allocations >= 1 { // the watchers look each second
		t.Errorf("%v allocations for each batch", allocations)
	}
}
