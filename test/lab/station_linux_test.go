// SPDX-License-Identifier: GPL-2.0-only

package lab_test

import (
	"fmt"
	"testing"
	"time"

	"vblade/test/lab"
)

// aoeFrame is a frame for everyone that ends in a byte.
func aoeFrame(src [6]byte, last byte) []byte {
	f := make([]byte, 60)
	copy(f, "\xff\xff\xff\xff\xff\xff")
	copy(f[6:], src[:])
	f[12], f[13], f[59] = 0x88, 0xa2, last
	return f
}

// TestStations sends frames over two wires, and hears each once, on its wire.
func TestStations(t *testing.T) {
	h := lab.TestHost(t)
	var near, far []*lab.Station
	for i := range 2 {
		a, b := fmt.Sprint("tgt", i), fmt.Sprint("ini", i)
		if err := h.Wire(a, b, 1500); err != nil {
			t.Fatal(err)
		}
		near, far = append(near, h.Station(t, a)), append(far, h.Station(t, b))
	}
	for i := range byte(10) {
		if err := near[i%2].Send(aoeFrame(near[i%2].MAC, i)); err != nil {
			t.Fatal(err)
		}
	}
	next := [2]byte{0, 1}
	whole, err := lab.Hear(5*time.Second, far, func(at int, f []byte) bool {
		if f[59] != next[at] {
			t.Errorf("frame %d came on wire %d; want %d", f[59], at, next[at])
		}
		next[at] += 2
		return next == [2]byte{10, 11}
	})
	if err != nil || !whole {
		t.Errorf("heard up to %v: %v", next, err)
	}
	if more, err := lab.Hear(0, near, func(int, []byte) bool { return true }); more || err != nil {
		t.Errorf("a station hears itself: %v, %v", more, err)
	}
}
