// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"
)

// result is what was measured of a workload.
type result struct {
	workload workload
	samples  map[program][]sample
	failures map[program]error // the last one of a program
}

// newResult returns an empty result.
func newResult(w workload) *result {
	return &result{w, make(map[program][]sample), make(map[program]error)}
}

// summary returns the medians of a program's samples, false where it has none.
func (r *result) summary(p program) (summary, bool) {
	if len(r.samples[p]) == 0 {
		return summary{}, false
	}
	return summarize(r.samples[p]), true
}

// values returns the metrics that goals bound; none unless both programs have
// been measured in one round.
func (r *result) values() map[metric]float64 {
	pairs := r.pairs(theirs, ours)
	if len(pairs) == 0 {
		return nil
	}
	o, _ := r.summary(ours)
	values := map[metric]float64{
		rateRatio: ratio(pairs, sample.rate),
		cpuRatio:  ratio(pairs, sample.cpuEach),
		p50Ratio:  ratio(pairs, func(s sample) time.Duration { return s.p50 }),
		lostCount: float64(o.lost),
	}
	if fio := r.pairs(limit, ours); len(fio) > 0 {
		values[fioRatio] = ratio(fio, sample.rate)
	}
	return values
}

// pairs returns the rounds in which two programs could both be measured.
func (r *result) pairs(theirs, ours program) []pair {
	var all []pair
	for _, c := range r.samples[theirs] {
		for _, o := range r.samples[ours] {
			if c.round == o.round {
				all = append(all, pair{c, o})
			}
		}
	}
	return all
}

// verdict is how a result stands to one of its goals.
type verdict struct {
	goal  goal
	met   bool
	value float64
}

// String writes the verdict.
func (v verdict) String() string {
	if v.met {
		return v.goal.String() + " met"
	}
	return v.goal.String() + " missed"
}

// verdicts returns how a result stands to its goals; none where it could not be
// measured.
func (r *result) verdicts() []verdict {
	values := r.values()
	if values == nil {
		return nil
	}
	var all []verdict
	for _, g := range r.workload.goals {
		if v, ok := values[g.metric]; ok {
			all = append(all, verdict{g, g.met(v), v})
		}
	}
	return all
}

// peaks returns the highest memory of each program in all results, in bytes.
func peaks(results []*result) map[program]int64 {
	highest := make(map[program]int64)
	for _, r := range results {
		for p := range r.samples {
			if s, ok := r.summary(p); ok {
				highest[p] = max(highest[p], s.peak)
			}
		}
	}
	return highest
}

// score counts the goals, that of memory too: how many are met of how many.
func score(results []*result) (met, all int) {
	for _, r := range results {
		for _, v := range r.verdicts() {
			all++
			if v.met {
				met++
			}
		}
	}
	if peak := peaks(results)[ours]; peak > 0 {
		all++
		if peak <= maxPeak {
			met++
		}
	}
	return met, all
}

// memoryLine says what memory the programs took.
func memoryLine(results []*result) string {
	p := peaks(results)
	line := fmt.Sprintf("Peak resident memory: C %.1f MiB, ours %.1f MiB", mib(p[theirs]), mib(p[ours]))
	if p[ours] == 0 {
		return line
	}
	word := "missed"
	if p[ours] <= maxPeak {
		word = "met"
	}
	return fmt.Sprintf("%s; goal ≤ %d MiB %s", line, maxPeak>>20, word)
}

// disturbance says what other programs took of the CPUs while we measured.
func disturbance(results []*result) string {
	var shares []float64
	for _, r := range results {
		if r.workload.disk == bareDisk {
			continue // without a meter
		}
		for p, samples := range r.samples {
			if p == limit {
				continue
			}
			shares = append(shares, pick(samples, func(s sample) float64 { return s.others })...)
		}
	}
	if len(shares) == 0 {
		return "Nothing was measured"
	}
	words := fmt.Sprintf("Other programs took %.1f %% of the two CPUs in the median sample, %.1f %% in the worst",
		100*median(shares), 100*slices.Max(shares))
	if median(shares) > quiet {
		words += ": too much to rely on the rates and the p99; measure again when the machine is quiet"
	}
	return words
}

// mib returns bytes in MiB.
func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }
