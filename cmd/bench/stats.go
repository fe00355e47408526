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
	samples := quieter(all)
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

// quieter returns the three fifths of samples, rounded up, that other programs
// disturbed least.
func quieter(samples []sample) []sample {
	sorted := slices.SortedStableFunc(slices.Values(samples), func(a, b sample) int {
		return cmp.Compare(a.others, b.others)
	})
	return sorted[:(3*len(sorted)+4)/5]
}

// pick returns a quantity of every sample.
func pick[T any](samples []sample, of func(sample) T) []T {
	values := make([]T, len(samples))
	for i, s := range samples {
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
