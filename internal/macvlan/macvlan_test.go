// SPDX-License-Identifier: GPL-2.0-only

package macvlan

import (
	"strings"
	"testing"
)

// TestName checks that names fit, say what they are, and are different for what is
// different.
func TestName(t *testing.T) {
	for _, c := range []struct {
		shelf  uint16
		slot   uint8
		parent string
		want   string
	}{
		{9, 0, "eth0", "vb9.0-eth0"},
		{9, 0, "enp3s0f0n", "vb9.0-enp3s0f0n"},
		{9, 0, "enp3s0f0np", "vb9.0-"},
		{65534, 254, "eth", "vb65534.254-eth"},
		{65534, 254, "eth0", "vb65534.254-"},
	} {
		got := Name(c.shelf, c.slot, c.parent)
		if len(got) > maxName || !strings.HasPrefix(got, c.want) || got != Name(c.shelf, c.slot, c.parent) {
			t.Errorf("Name(%d, %d, %q) = %q, want %q", c.shelf, c.slot, c.parent, got, c.want)
		}
	}
	if a, b := Name(65534, 254, "enp129s0f0np0"), Name(65534, 254, "enp129s0f0np1"); a == b {
		t.Errorf("two parents' interfaces are called %s", a)
	}
}

// TestAddress checks that addresses are what doc.go says, and are those of interfaces.
func TestAddress(t *testing.T) {
	if got, want := Address(0x1234, 0x56, 3), [6]byte{0xa2, 0x0e, 0x12, 0x34, 0x56, 3}; got != want {
		t.Errorf("got %x, want %x", got, want)
	}
	if err := CheckAddress(Address(65534, 254, 15)); err != nil {
		t.Error(err)
	}
	for _, bad := range [][6]byte{{}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {1, 0, 0x5e, 0, 0, 1}} {
		if CheckAddress(bad) == nil {
			t.Errorf("%x passes as the address of an interface", bad)
		}
	}
}
