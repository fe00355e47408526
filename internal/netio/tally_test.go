// SPDX-License-Identifier: GPL-2.0-only

package netio

import "testing"

// TestTally adds up a count that begins again, by itself and told so.
func TestTally(t *testing.T) {
	var n tally
	for i, c := range []struct {
		restart bool
		now     uint32
		want    uint64
	}{
		{false, 0, 0}, {false, 5, 5}, {false, 5, 5}, {false, 7, 7},
		{false, 2, 9}, // it began again
		{true, 3, 12}, // it did too, and has gone past where it was
		{false, 0xffffffff, 12 + 0xfffffffc},
		{true, 0, 12 + 0xfffffffc},
		{false, 0xffffffff, 12 + 0xfffffffc + 0xffffffff},
	} {
		if c.restart {
			n.restart()
		}
		if got := n.update(c.now); got != c.want {
			t.Errorf("step %d: the sum is %d; want %d", i, got, c.want)
		}
	}
}
