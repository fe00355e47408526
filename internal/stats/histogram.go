// SPDX-License-Identifier: GPL-2.0-only

package stats

import (
	"iter"
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Scale is the resolution of a Histogram. Times are counted in units of 1<<Unit
// nanoseconds; every power of two of units is divided into 1<<Parts buckets, so
// that a time is known to a unit, or to 1/(1<<Parts) of itself. The last bucket
// ends at 1<<Top nanoseconds and holds all longer times, too.
type Scale struct{ Unit, Parts, Top int }

// buckets returns how many buckets there are.
func (s Scale) buckets() int { return (s.Top - s.Unit - s.Parts + 1) << s.Parts }

// bucket returns the bucket of a time. Each bucket includes its end.
func (s Scale) bucket(d time.Duration) int {
	v := uint64(max(d, 1)-1) >> s.Unit
	shift := max(0, bits.Len64(v)-s.Parts-1)
	return min(shift<<s.Parts+int(v>>shift), s.buckets()-1)
}

// end returns the longest time that bucket i is for.
func (s Scale) end(i int) time.Duration {
	shift := max(0, i>>s.Parts-1)
	return time.Duration(i-shift<<s.Parts+1) << (shift + s.Unit)
}

// Histogram counts times. It may be read and added to concurrently. Adding
// allocates nothing.
type Histogram struct {
	scale  Scale
	counts []atomic.Uint64
	sum    atomic.Uint64 // nanoseconds; it wraps after two years with 320 requests always in flight
}

// NewHistogram returns an empty histogram of a scale.
func NewHistogram(s Scale) *Histogram {
	return &Histogram{scale: s, counts: make([]atomic.Uint64, s.buckets())}
}

// Add counts n requests that took d each.
func (h *Histogram) Add(d time.Duration, n uint64) {
	h.counts[h.scale.bucket(d)].Add(n)
	h.sum.Add(uint64(d) * n)
}

// Times is the content of histograms of one scale when they were read.
type Times struct {
	scale  Scale
	counts []uint64
	sum    uint64 // nanoseconds
}

// Add adds the content of h.
func (t *Times) Add(h *Histogram) {
	if t.counts == nil {
		t.scale, t.counts = h.scale, make([]uint64, len(h.counts))
	}
	t.sum += h.sum.Load()
	for i := range h.counts {
		t.counts[i] += h.counts[i].Load()
	}
}

// Subtract subtracts the content of u, which is part of that of t.
func (t *Times) Subtract(u *Times) {
	t.sum -= u.sum
	for i := range u.counts {
		t.counts[i] -= u.counts[i]
	}
}

// Reset removes everything, and keeps the memory.
func (t *Times) Reset() {
	clear(t.counts)
	t.sum = 0
}

// Seconds returns the sum of all the times.
func (t *Times) Seconds() float64 { return float64(t.sum) / float64(time.Second) }

// Count returns the number of requests.
func (t *Times) Count() uint64 {
	n := uint64(0)
	for _, c := range t.counts {
		n += c
	}
	return n
}

// Doubling yields, for every d from first to last, each twice the one before, how
// many requests took d or less. Each d must be the end of a bucket other than the
// last, such as a power of two of nanoseconds.
func (t *Times) Doubling(first, last time.Duration) iter.Seq2[time.Duration, uint64] {
	return func(yield func(time.Duration, uint64) bool) {
		i, n := 0, uint64(0)
		for d := first; d <= last; d *= 2 {
			for ; i < len(t.counts) && t.scale.end(i) <= d; i++ {
				n += t.counts[i]
			}
			if !yield(d, n) {
				return
			}
		}
	}
}

// Quantile returns the time that the part q of all requests did not exceed,
// rounded up to the end of its bucket, or 0 if there are no requests.
func (t *Times) Quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(t.Count())))
	n := uint64(0)
	for i, c := range t.counts {
		if n += c; n > 0 && n >= rank {
			return t.scale.end(i)
		}
	}
	return 0
}
