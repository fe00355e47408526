// SPDX-License-Identifier: GPL-2.0-only

package netio_test

import (
	"testing"

	"vblade/internal/netio"
)

// TestDrops sends more frames than the receive buffer holds, twice: what is not
// received was dropped, and is counted once.
func TestDrops(t *testing.T) {
	w := newWire(t, netio.Config{ReceiveBuffer: 64 << 10})
	if n, err := w.a.Drops(); n != 0 || err != nil {
		t.Errorf("nothing was sent, and %d frames dropped, %v", n, err)
	}
	const sent = 1000
	received, last := 0, uint64(0)
	for round := 1; round <= 2; round++ {
		for i := range sent {
			send(t, w.b, frame(etherType, 1514, i), frame(0x88a3, 60, i))
		}
		for n := 1; n > 0; received += n {
			var err error
			if n, err = w.a.Receive(buffers(netio.MaxBatch, 2000)); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // asking does not change the answer
			dropped, err := w.a.Drops()
			if err != nil || dropped <= last || int(dropped)+received != round*sent {
				t.Errorf("round %d: %d frames sent, %d received, %d dropped (%d before), %v", round, round*sent, received, dropped, last, err)
			}
		}
		last, _ = w.a.Drops()
	}
}
