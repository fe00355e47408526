// SPDX-License-Identifier: GPL-2.0-only

package load

import (
	"math/bits"
	"time"
)

// A histogram's buckets: each power of two of nanoseconds in subBuckets parts,
// so that a value is known to 1/subBuckets of itself.
const (
	subBits    = 6
	subBuckets = 1 << subBits
	octaves    = 36 // to 2^(36+6) ns: longer than any exchange's patience
)

// histogram counts durations in fixed buckets; adding allocates nothing.
type histogram struct {
	counts [octaves * subBuckets]uint32
	total  int
}

// bucket returns the bucket that a duration falls into: its own below
// 2*subBuckets ns, above that by the leading bits.
func bucket(d time.Duration) int {
	v := uint64(max(0, d))
	shift := max(0, bits.Len64(v)-subBits-1)
	return min(shift*subBuckets+int(v>>shift), octaves*subBuckets-1)
}

// middle returns the duration in the middle of bucket i.
func middle(i int) time.Duration {
	shift := max(0, i/subBuckets-1)
	low := uint64(i-shift*subBuckets) << shift
	return time.Duration(low + 1<<shift/2)
}

// add counts a duration.
func (h *histogram) add(d time.Duration) {
	h.counts[bucket(d)]++
	h.total++
}

// reset forgets everything.
func (h *histogram) reset() { *h = histogram{} }

// quantile returns the duration that the part q of all does not exceed, 0 where
// there are none.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int(q * float64(h.total-1))
	for i, n := range h.counts {
		if rank -= int(n); rank < 0 && n > 0 {
			return middle(i)
		}
	}
	return 0
}
