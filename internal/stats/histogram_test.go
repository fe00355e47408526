// SPDX-License-Identifier: GPL-2.0-only

package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// scales are a coarse scale, which a server uses, and a fine one.
var scales = map[string]Scale{"served": ServiceScale(), "fine": {Unit: 0, Parts: 6, Top: 42}}

// someTimes returns n random times of all magnitudes that a scale tells apart.
func (s Scale) someTimes(n int) []time.Duration {
	random := rand.New(rand.NewPCG(1, 2))
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = time.Duration(math.Exp2(float64(s.Top) * random.Float64()))
	}
	return times
}

// error returns how far behind a time its bucket may end.
func (s Scale) error(d time.Duration) time.Duration {
	return max(1<<s.Unit-1, d>>s.Parts)
}

// TestBuckets checks that a time's bucket ends at it or not far behind it, that
// the bucket before ends before it, and the bounds.
func TestBuckets(t *testing.T) {
	for name, s := range scales {
		most := time.Duration(1) << s.Top
		times := append(s.someTimes(10000), 1, 2, 15, 16, 17, 31, 32, 33, 1<<20, 1<<20+1, most-1, most)
		for _, d := range times {
			i := s.bucket(d)
			if end := s.end(i); end < d || end-d > s.error(d) {
				t.Errorf("%s: %d ns are in a bucket that ends at %d", name, d, end)
			}
			if i > 0 && s.end(i-1) >= d {
				t.Errorf("%s: %d ns are in bucket %d, and the one before ends at %d", name, d, i, s.end(i-1))
			}
		}
		last := s.buckets() - 1
		for d, want := range map[time.Duration]int{math.MinInt64: 0, -1: 0, 0: 0, most: last, most + 1: last, math.MaxInt64: last} {
			if got := s.bucket(d); got != want {
				t.Errorf("%s: %d ns are in bucket %d; want %d", name, d, got, want)
			}
		}
	}
}

// TestTimes compares a Histogram with the list of what was added.
func TestTimes(t *testing.T) {
	for name, scale := range scales {
		t.Run(name, scale.testTimes)
	}
}

// testTimes is TestTimes for one scale.
func (s Scale) testTimes(t *testing.T) {
	times := s.someTimes(1000)
	h := NewHistogram(s)
	sum := 0.0
	for i, d := range times {
		h.Add(d, uint64(1+i%3))
		sum += d.Seconds() * float64(1+i%3)
	}
	for i, d := range slices.Clone(times) {
		times = append(times, slices.Repeat([]time.Duration{d}, i%3)...)
	}
	slices.Sort(times)
	var all Times
	all.Add(NewHistogram(s))
	all.Add(h)
	if all.Count() != uint64(len(times)) || math.Abs(all.Seconds()-sum) > 1e-6*sum {
		t.Errorf("%d times, %v s in all; want %d, %v", all.Count(), all.Seconds(), len(times), sum)
	}
	for _, q := range []float64{0, 0.01, 0.5, 0.99, 0.999, 1} {
		exact := times[max(1, int(math.Ceil(q*float64(len(times)))))-1]
		if got := all.Quantile(q); got < exact || got-exact > s.error(exact) {
			t.Errorf("quantile %v is %v; want %v", q, got, exact)
		}
	}
	next := time.Duration(1) << s.Unit
	for d, got := range all.Doubling(next, 1<<(s.Top-1)) {
		n, _ := slices.BinarySearch(times, d+1)
		if d != next || got != uint64(n) {
			t.Errorf("%d times are within %v; want %d within %v", got, d, n, next)
		}
		next *= 2
	}
	if next != 1<<s.Top {
		t.Errorf("the last of all is within %v", next/2)
	}
	all.Reset()
	if all.Count() != 0 || all.Seconds() != 0 || all.Quantile(0.5) != 0 {
		t.Errorf("after Reset there are %d times, %v s, and the median is %v", all.Count(), all.Seconds(), all.Quantile(0.5))
	}
	if got := new(Times).Quantile(0.5); got != 0 {
		t.Errorf("of no times the median is %v", got)
	}
}

// TestAddAllocatesNothing adds to a histogram.
func TestAddAllocatesNothing(t *testing.T) {
	h := NewHistogram(ServiceScale())
	if n := testing.AllocsPerRun(100, func() { h.Add(time.Millisecond, 3) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkAdd counts a time.
func BenchmarkAdd(b *testing.B) {
	h := NewHistogram(ServiceScale())
	for i := range b.N {
		h.Add(time.Duration(i&0xffff)<<4, 1)
	}
}
