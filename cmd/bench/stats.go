// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"cmp"
	"slices"
	"time"
)

// summary is what the samples of a program come to.
type summary struct {
	rate     float64 // requests a second
	cpu      time.Duration
	p50, p99 time.Duration
	lost     int // frames in all samples together
	peak     int64
	spread   float64 // of the rate: highest minus lowest, as a part of the median
}

// summarize returns the medians of the quieter samples; the lost frames and the
// memory are of all.
func summarize(all []sample) summary {
	samples := quieter(all, func(s sample) float64 { return s.others })
	rates := pick(samples, sample.rate)
	s := summary{
		rate: median(rates),
		cpu:  median(pick(samples, sample.cpuEach)),
		p50:  median(pick(samples, func(s sample) time.Duration { return s.p50 })),
		p99:  median(pick(samples, func(s sample) time.Duration { return s.p99 })),
	}
	s.spread = (slices.Max(rates) - slices.Min(rates)) / s.rate
	for _, x := range all {
		s.lost += x.lost
		s.peak = max(s.peak, x.peak)
	}
	return s
}

// pair is what was measured of both programs in one round, one after the other.
type pair struct{ theirs, ours sample }

// ratio returns the median, over the quieter pairs, of a quantity of ours to the
// C program's. What changes on the machine from round to round is in neither.
func ratio[T float64 | time.Duration](pairs []pair, of func(sample) T) float64 {
	quiet := quieter(pairs, func(p pair) float64 { return max(p.theirs.others, p.ours.others) })
	return median(pick(quiet, func(p pair) float64 { return float64(of(p.ours)) / float64(of(p.theirs)) }))
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

// median returns the middle of values, which must not be empty; the mean of
// the middle two where they are even in number.
func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// micros returns a duration in microseconds.
func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
