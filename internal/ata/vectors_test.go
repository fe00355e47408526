// SPDX-License-Identifier: GPL-2.0-only

package ata

import "testing"

// TestAdvance drops bytes from the front of vectors.
func TestAdvance(t *testing.T) {
	for _, c := range []struct {
		n, left, skip int
	}{
		{0, 3, 0}, {1, 3, 1}, {9, 3, 9}, {10, 2, 0}, {11, 2, 1}, {29, 2, 19}, {30, 1, 0}, {59, 1, 29}, {60, 0, 0},
	} {
		vecs := [][]byte{make([]byte, 10), make([]byte, 20), make([]byte, 30)}
		left, skip := advance(vecs, c.n)
		if len(left) != c.left || skip != c.skip {
			t.Errorf("%d bytes done: %d vectors left, %d bytes to skip; want %d, %d", c.n, len(left), skip, c.left, c.skip)
		}
	}
}
