// SPDX-License-Identifier: GPL-2.0-only

package stats

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// The buckets of a histogram: every power of two of nanoseconds in eight parts,
// so that a time is known to an eighth of itself.
const (
	subBits     = 3
	subBuckets  = 1 << subBits
	octaves     = 37 // the last bucket ends at 2^39 ns, nine minutes, and holds all beyond
	timeBuckets = octaves * subBuckets
)

// bucket returns the bucket of a time. Each bucket includes its end.
func bucket(d time.Duration) int {
	v := uint64(max(d, 1) - 1)
	shift := max(0, bits.Len64(v)-subBits-1)
	return min(shift*subBuckets+int(v>>shift), timeBuckets-1)
}

// bucketEnd returns the longest time that bucket i is for.
func bucketEnd(i int) time.Duration {
	shift := max(0, i/subBuckets-1)
	return time.Duration(i-shift*subBuckets+1) << shift
}

// Histogram counts times; adding allocates nothing.
type Histogram struct {
	counts [timeBuckets]atomic.Uint64
	sum    atomic.Uint64 // nanoseconds; at the full 320 in flight it wraps round in two years
}

// Add counts n requests that took d each.
func (h *Histogram) Add(d time.Duration, n uint64) {
	h.counts[bucket(d)].Add(n)
	h.sum.Add(uint64(d) * n)
}

// Times says how long requests took, from their frames' arrival to the
// sending of their replies.
type Times struct {
	counts [timeBuckets]uint64
	sum    uint64 // nanoseconds
}

// Add adds what h holds.
func (s *Times) Add(h *Histogram) {
	s.sum += h.sum.Load()
	for i := range h.counts {
		s.counts[i] += h.counts[i].Load()
	}
}

// Seconds returns the sum of all the times.
func (s *Times) Seconds() float64 { return float64(s.sum) / float64(time.Second) }

// Count returns how many requests there are.
func (s *Times) Count() uint64 { return s.Within(math.MaxInt64) }

// Within returns how many requests took d or less, for d a power of two of
// nanoseconds.
func (s *Times) Within(d time.Duration) uint64 {
	n := uint64(0)
	for i := 0; i < timeBuckets && bucketEnd(i) <= d; i++ {
		n += s.counts[i]
	}
	return n
}

// Quantile returns the time that the part q of all requests did not exceed, 0
// where there are none.
func (s *Times) Quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(s.Count())))
	n := uint64(0)
	for i := range s.counts {
		if n += s.counts[i]; n > 0 && n >= rank {
			return bucketEnd(i)
		}
	}
	return 0
}
