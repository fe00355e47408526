// SPDX-License-Identifier: GPL-2.0-only

package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// someTimes returns n random times of all magnitudes that a Histogram tells apart.
func someTimes(n int) []time.Duration {
	random := rand.New(rand.NewPCG(1, 2))
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = time.Duration(math.Exp2(39 * random.Float64()))
	}
	return times
}

// TestBuckets checks that a time's bucket ends at it or less than an eighth
// behind it, that the bucket before ends before it, and the bounds.
func TestBuckets(t *testing.T) {
	times := append(someTimes(10000), 1, 2, 15, 16, 17, 31, 32, 33, 1<<20, 1<<20+1, 1<<39)
	for _, d := range times {
		i := bucket(d)
		if end := bucketEnd(i); end < d || end-d > d/8 {
			t.Errorf("%d ns are in a bucket that ends at %d", d, end)
		}
		if i > 0 && bucketEnd(i-1) >= d {
			t.Errorf("%d ns are in bucket %d, and the one before ends at %d", d, i, bucketEnd(i-1))
		}
	}
	for d, want := range map[time.Duration]int{math.MinInt64: 0, -1: 0, 0: 0, 1<<39 + 1: timeBuckets - 1, math.MaxInt64: timeBuckets - 1} {
		if got := bucket(d); got != want {
			t.Errorf("%d ns are in bucket %d; want %d", d, got, want)
		}
	}
}

// TestTimes compares a Histogram with the list of what was added.
func TestTimes(t *testing.T) {
	times := someTimes(1000)
	h := new(Histogram)
	sum := 0.0
	for i, d := range times {
		h.Add(d, uint64(1+i%3))
		sum += d.Seconds() * float64(1+i%3)
	}
	for i, d := range slices.Clone(times) {
		times = append(times, slices.Repeat([]time.Duration{d}, i%3)...)
	}
	slices.Sort(times)
	var s Times
	s.Add(h)
	if s.Count() != uint64(len(times)) || math.Abs(s.Seconds()-sum) > 1e-6*sum {
		t.Errorf("%d times, %v s in all; want %d, %v", s.Count(), s.Seconds(), len(times), sum)
	}
	for _, q := range []float64{0, 0.01, 0.5, 0.99, 0.999, 1} {
		exact := times[max(1, int(math.Ceil(q*float64(len(times)))))-1]
		if got := s.Quantile(q); got < exact || got-exact > exact/8 {
			t.Errorf("quantile %v is %v; want %v", q, got, exact)
		}
	}
	for shift := range 40 {
		d := time.Duration(1) << shift
		n, _ := slices.BinarySearch(times, d+1)
		if got := s.Within(d); got != uint64(n) {
			t.Errorf("%d times are within %v; want %d", got, d, n)
		}
	}
	if got := new(Times).Quantile(0.5); got != 0 {
		t.Errorf("of no times the median is %v", got)
	}
}
