// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

// TestMadeAnew deletes the interfaces and makes others of the same names: the
// link is theirs, with its filter and buffer.
func TestMadeAnew(t *testing.T) {
	w := newWire(t, netio.Config{Filter: only(t)}, netio.HostConfig{Linger: time.Millisecond})
	room := w.a.ReceiveBuffer()
	for i := range 3 {
		mac := w.a.MAC()
		w.run(t, "link", "del", "tgt0")
		awaitDown(t, w.a, netio.ErrGone)
		awaitDown(t, w.b, netio.ErrGone)
		if w.a.MAC() != mac || w.a.MTU() != 1500 {
			t.Errorf("MAC %x, MTU %d of the interface that is gone are not the last known", w.a.MAC(), w.a.MTU())
		}
		checkSilent(t, w.a)
		if i == 1 { // so that it is another interface in the old one's stead at once
			w.run(t, "link", "add", "tgt0", "type", "veth", "peer", "name", "else0")
			awaitDown(t, w.a, netio.ErrDown)
			w.run(t, "link", "del", "tgt0")
		}
		if err := w.host.Wire("tgt0", "ini0", 1500); err != nil {
			t.Fatal(err)
		}
		w.awaitUp(t)
		if w.a.MAC() == mac {
			t.Error("the address is that of the interface before")
		}
		w.exchange(t)
	}
	w.sameIndex(t)
	awaitFlow(t, w.b, w.a)
	awaitFlow(t, w.a, w.b)
	if w.a.ReceiveBuffer() != room {
		t.Errorf("the receive buffer has %d bytes; it had %d", w.a.ReceiveBuffer(), room)
	}
}

// sameIndex deletes the interfaces and makes others of the same names and
// indexes, faster than anybody sees that they were gone.
func (w *wire) sameIndex(t *testing.T) {
	t.Helper()
	var a, b *net.Interface
	err := w.host.Do(func() (err error) {
		if a, err = net.InterfaceByName("tgt0"); err != nil {
			return err
		}
		b, err = net.InterfaceByName("ini0")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "anew")
	lines := fmt.Sprintf("link del tgt0\nlink add tgt0 index %d address %v type veth peer name ini0 index %d address %v\nlink set ini0 up\nlink set tgt0 up\n",
		a.Index, a.HardwareAddr, b.Index, b.HardwareAddr)
	if err := os.WriteFile(script, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	w.run(t, "-batch", script)
}

// awaitFlow sends frames until one arrives: of what happened between two looks
// at the interface no Wait tells.
func awaitFlow(t *testing.T, from, to *peer.Station) {
	t.Helper()
	for end := time.Now().Add(patience); ; to.Wait(time.Millisecond) {
		from.Send([][]byte{frame(etherType, 60, 2)})
		n, err := to.Receive(buffers(1, 100))
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("nothing gets from %s to %s", from.Name(), to.Name())
		}
	}
}

// TestRenamed gives the interface another name, and its name to another: the
// link is that of the name.
func TestRenamed(t *testing.T) {
	w := newWire(t, netio.Config{Filter: only(t)})
	w.rename(t, "tgt0", "old0")
	awaitDown(t, w.a, netio.ErrGone)
	awaitDown(t, w.b, nil)
	send(t, w.b, frame(etherType, 60, 4)) // to old0
	checkSilent(t, w.a)

	if err := w.host.Wire("new0", "ini1", 1500); err != nil {
		t.Fatal(err)
	}
	w.rename(t, "new0", "tgt0")
	other := &wire{w.host, w.a, open(t, w.host, "ini1", netio.Config{EtherType: etherType})}
	other.awaitUp(t)
	other.exchange(t)
	send(t, w.b, frame(etherType, 60, 6)) // to old0
	other.exchange(t)

	w.run(t, "link", "del", "tgt0")
	w.rename(t, "old0", "tgt0")
	w.awaitUp(t)
	w.exchange(t)
}

// rename gives an interface another name; it is down meanwhile.
func (w *wire) rename(t *testing.T, from, to string) {
	t.Helper()
	w.run(t, "link", "set", from, "down")
	w.run(t, "link", "set", from, "name", to)
	w.run(t, "link", "set", to, "up")
}

// TestNoLongerEthernet has an interface that carries no Ethernet frames take
// the name: it is none of ours.
func TestNoLongerEthernet(t *testing.T) {
	w := newWire(t, netio.Config{})
	w.run(t, "link", "del", "tgt0")
	awaitDown(t, w.a, netio.ErrGone)
	if err := w.host.Run("ip", "tuntap", "add", "tgt0", "mode", "tun"); err != nil {
		lab.Skip(t, "a tun interface: "+err.Error(), "run as root, with the tun module loaded")
	}
	seen := w.a.Changes()
	w.run(t, "link", "set", "tgt0", "up")
	w.run(t, "link", "del", "tgt0")
	if err := w.host.Wire("tgt0", "ini0", 1500); err != nil {
		t.Fatal(err)
	}
	w.awaitUp(t)
	if n := w.a.Changes() - seen; n > 3 {
		t.Errorf("%d changes; want no more than down, no carrier and up", n)
	}
}
