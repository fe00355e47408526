// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"testing"
	"time"

	"vblade/internal/aoe"
)

// TestRivalry hears rivals in the course of hours: each is warned of once an hour, and
// forgotten when it is silent. Of very many some are known.
func TestRivalry(t *testing.T) {
	var y rivalry
	a, b := aoe.MAC{2, 1}, aoe.MAC{2, 2}
	for _, c := range []struct {
		at   time.Duration
		mac  aoe.MAC
		warn bool
	}{
		{1 * time.Minute, a, true},
		{2 * time.Minute, a, false},
		{2 * time.Minute, b, true},
		{60 * time.Minute, a, false},
		{61 * time.Minute, a, true},
		{61 * time.Minute, b, false},
		{62 * time.Minute, b, true},
	} {
		if got := y.hear(c.mac, c.at); got != c.warn {
			t.Errorf("of %v at %v it warns: %v", c.mac, c.at, got)
		}
	}
	for _, c := range []struct {
		at   time.Duration
		over bool
		left int
	}{{63 * time.Minute, false, 2}, {64 * time.Minute, false, 1}, {65 * time.Minute, true, 0}, {66 * time.Minute, false, 0}} {
		if over := y.forget(c.at); over != c.over || y.count() != c.left {
			t.Errorf("at %v all are silent: %v, and %d are left", c.at, over, y.count())
		}
	}
	for i := range 2 * maxRivals {
		if warn := y.hear(aoe.MAC{2, 3, byte(i)}, 70*time.Minute); warn != (i < maxRivals) || y.count() > maxRivals {
			t.Errorf("of rival %d it warns: %v; %d are known", i, warn, y.count())
		}
	}
}
