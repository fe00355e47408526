// SPDX-License-Identifier: GPL-2.0-only

package netio

// tally adds up a count of the system's that begins again at 0 now and then. A
// count that has passed 2^32 looks like one that has begun again: it is taken for
// that, which is the likelier.
type tally struct {
	last  uint32
	total uint64
}

// update takes in what the count is now, and returns the sum.
func (t *tally) update(now uint32) uint64 {
	if now < t.last {
		t.last = 0
	}
	t.total += uint64(now - t.last)
	t.last = now
	return t.total
}

// restart says that the count begins again at 0.
func (t *tally) restart() { t.last = 0 }
