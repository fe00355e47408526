// SPDX-License-Identifier: GPL-2.0-only

package netio

// tally adds up a count of the system that begins again at 0 now and then. A
// count that has wrapped at 2^32 looks the same, but is less likely.
type tally struct {
	last  uint32
	total uint64
}

// update notes the present count, and returns the sum.
func (t *tally) update(now uint32) uint64 {
	if now < t.last {
		t.last = 0
	}
	t.total += uint64(now - t.last)
	t.last = now
	return t.total
}

// restart notes that the count begins again at 0.
func (t *tally) restart() { t.last = 0 }
