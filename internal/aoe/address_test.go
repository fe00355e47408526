// SPDX-License-Identifier: GPL-2.0-only

package aoe_test

import (
	"testing"

	"vblade/internal/aoe"
)

// TestParseAddress reads addresses, and what is none.
func TestParseAddress(t *testing.T) {
	for _, want := range []aoe.Address{{}, {Shelf: 9}, {Shelf: 65535, Slot: 255}} {
		if got, err := aoe.ParseAddress(want.String()); got != want || err != nil {
			t.Errorf("%v: %v, %v", want, got, err)
		}
	}
	for _, s := range []string{"", "e", "9.0", "e9", "e9.", "e.0", "e09.0", "e9.00", "e9.0.0", "ee9.0", "e+9.0", "e65536.0", "e9.256", "e9.0 "} {
		if got, err := aoe.ParseAddress(s); err == nil {
			t.Errorf("%q is %v", s, got)
		}
	}
}
