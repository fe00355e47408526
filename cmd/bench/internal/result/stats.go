// SPDX-License-Identifier: GPL-2.0-only

package result

import (
	"cmp"
	"slices"
	"time"

	"vblade/cmd/bench/internal/load"
)

// Sample is one measurement of a program.
type Sample struct {
	load.Sample
	Round  int
	CPU    time.Duration // of all the target's threads
	Others float64       // what other programs took of both CPUs, 1 being all
	Peak   int64         // the target's resident memory at its highest, in bytes

	// For workloads of many exports.
	PSS     int64         // memory of all processes, in bytes
	Threads int           // of all processes
	Start   time.Duration // from the first export to the last one served
	Answers int           // to a broadcast config query
	Query   time.Duration // the longest wait for the answer to a config query
}

// Rate is the number of requests a second.
func (s Sample) Rate() float64 { return float64(s.Requests) / s.Elapsed.Seconds() }

// CPUEach is the CPU time of the target for a request.
func (s Sample) CPUEach() time.Duration { return s.CPU / time.Duration(max(1, s.Requests)) }

// p50 returns the sample's median latency.
func p50(s Sample) time.Duration { return s.P50 }

// p99 returns the sample's 99th percentile.
func p99(s Sample) time.Duration { return s.P99 }

// Summary is what the samples of a program come to.
type Summary struct {
	Rate     float64 // requests a second
	CPU      time.Duration
	P50, P99 time.Duration
	Lost     int // frames in all samples together
	Peak     int64
	Spread   float64 // of the rate: highest minus lowest, as a part of the median

	PSS     int64
	Threads int
	Start   time.Duration
	Answers int // the fewest
	Query   time.Duration
}

// summarize returns the medians of the quieter samples; what was lost, the peak
// and the answers are of all.
func summarize(all []Sample) Summary {
	samples := quieter(all, func(s Sample) float64 { return s.Others })
	rates := pick(samples, Sample.Rate)
	s := Summary{
		Rate:    Median(rates),
		CPU:     Median(pick(samples, Sample.CPUEach)),
		P50:     Median(pick(samples, p50)),
		P99:     Median(pick(samples, p99)),
		PSS:     Median(pick(samples, func(s Sample) int64 { return s.PSS })),
		Threads: Median(pick(samples, func(s Sample) int { return s.Threads })),
		Start:   Median(pick(samples, func(s Sample) time.Duration { return s.Start })),
		Query:   Median(pick(samples, func(s Sample) time.Duration { return s.Query })),
		Answers: all[0].Answers,
	}
	s.Spread = (slices.Max(rates) - slices.Min(rates)) / s.Rate
	for _, x := range all {
		s.Lost += x.Lost
		s.Peak = max(s.Peak, x.Peak)
		s.Answers = min(s.Answers, x.Answers)
	}
	return s
}

// pair is what was measured of two programs in one round, one after the other.
type pair struct{ base, subject Sample }

// ratio returns the median, over the quieter pairs, of a quantity of the subject
// to the base's. What changes on the machine from round to round is in neither.
func ratio[T float64 | time.Duration](pairs []pair, of func(Sample) T) float64 {
	quiet := quieter(pairs, func(p pair) float64 { return max(p.base.Others, p.subject.Others) })
	return Median(pick(quiet, func(p pair) float64 { return float64(of(p.subject)) / float64(of(p.base)) }))
}

// quieter returns the three fifths of what was measured, rounded up, that other
// programs disturbed least.
func quieter[T any](all []T, others func(T) float64) []T {
	sorted := slices.SortedStableFunc(slices.Values(all), func(a, b T) int {
		return cmp.Compare(others(a), others(b))
	})
	return sorted[:(3*len(sorted)+4)/5]
}

// pick returns a quantity of all that was measured.
func pick[S, T any](all []S, of func(S) T) []T {
	values := make([]T, len(all))
	for i, s := range all {
		values[i] = of(s)
	}
	return values
}

// Median returns the middle of values, which must not be empty; the mean of
// the middle two where they are even in number.
func Median[T float64 | time.Duration | int | int64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
