// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// TestRefusalStatus has the environment ask for an exit status: it is that of a
// command line that no waiting mends, and of nothing else.
func TestRefusalStatus(t *testing.T) {
	for _, c := range []struct {
		line, asked string
		want        int
	}{
		{"9 255 lo /nowhere/disk", "", 1},
		{"9 255 lo /nowhere/disk", "78", 78},
		{"9 255 lo /nowhere/disk", "0", 1},
		{"9 255 lo /nowhere/disk", "256", 1},
		{"9 255 lo /nowhere/disk", "x", 1},
		{"65535 0 lo /nowhere/disk", "78", 78},
		{"-z 9 0 lo /nowhere/disk", "78", 78},
		{"9 0 lo", "78", 78},
		{"nonsense", "78", 78},
		{"serve --jason", "78", 78},
		{"add 9 0 lo", "78", 78},
		{"remove x", "78", 78},
		{"status e9.0 e9.1", "78", 78},
		{"status --control /nowhere/x", "78", 1},
		{"9 0 lo /nowhere/disk", "78", 1},
		{"9 0 nowhere0 /dev/null", "78", 1},
		{"--metrics unix:/nowhere/x 9 0 lo /nowhere/disk", "78", 1},
	} {
		t.Setenv(refusalVariable, c.asked)
		var stdout, stderr strings.Builder
		if got := run(strings.Fields(c.line), &stdout, &stderr, unconfined); got != c.want {
			t.Errorf("vblade %s, %s=%s: exit status %d, want %d; %s", c.line, refusalVariable, c.asked, got, c.want, &stderr)
		}
	}
	if got := refusalStatus(fmt.Errorf("slot: %w", misuse{errors.New("x")}), func(string) string { return "78" }); got != 78 {
		t.Errorf("a misuse in another error: exit status %d", got)
	}
}
