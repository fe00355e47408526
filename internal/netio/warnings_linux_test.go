// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"slices"
	"testing"

	"vblade/internal/netio"
)

// TestWarnings asks for more receive buffer than there is, and for less.
func TestWarnings(t *testing.T) {
	w := newWire(t, netio.Config{ReceiveBuffer: 64 << 10})
	want := []string{"the receive buffer of tgt0 is only 64 KiB: several busy initiators may lose frames and ask again; " +
		"raise it with: sysctl -w net.core.rmem_max=65537"}
	if got := w.a.Warnings(64<<10 + 1); !slices.Equal(got, want) {
		t.Errorf("warns %q; want %q", got, want)
	}
	if got := w.a.Warnings(64 << 10); len(got) > 0 {
		t.Errorf("warns %q", got)
	}
}
