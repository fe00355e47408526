// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"strings"
	"testing"

	"vblade/internal/netio"
)

// TestRenamed renames the interface: the link stays with it.
func TestRenamed(t *testing.T) {
	w := newWire(t, netio.Config{})
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

// TestCutMTU warns of an MTU of which not all can be used.
func TestCutMTU(t *testing.T) {
	w := newWire(t, netio.Config{})
	for _, mtu := range []int{9000, 1400} {
		w.setMTU(t, 0, mtu)
		warned := strings.Contains(strings.Join(w.a.Warnings(0), "\n"), "of the MTU of "+w.names[0])
		if warned != (mtu > usable(mtu)) {
			t.Errorf("at an MTU of %d: a warning is %v", mtu, warned)
		}
	}
}

// TestRefused opens what cannot be a link, and says why.
func TestRefused(t *testing.T) {
	_, err := tryOpen(newPlace(t), "none7", netio.Config{})
	if err == nil || !strings.HasPrefix(err.Error(), "interface none7: no such network interface; there are ") {
		t.Errorf("got %v", err)
	}
	needRoot(t)
	_, err = tryOpen(newPlace(t), "lo0", netio.Config{})
	if want := "interface lo0 is not Ethernet; name one that carries Ethernet frames"; err == nil || err.Error() != want {
		t.Errorf("got %v; want %s", err, want)
	}
}
