// SPDX-License-Identifier: GPL-2.0-only

package result

import (
	"cmp"
	"slices"

	"vblade/cmd/bench/internal/plan"
)

// Result is what was measured of a workload.
type Result struct {
	Workload plan.Workload
	Samples  map[plan.Program][]Sample
	Failures map[plan.Program]error // the last one of a program
}

// New returns an empty result.
func New(w plan.Workload) *Result {
	return &Result{w, make(map[plan.Program][]Sample), make(map[plan.Program]error)}
}

// Summary returns the medians of a program's samples, false where it has none.
func (r *Result) Summary(p plan.Program) (Summary, bool) {
	if len(r.Samples[p]) == 0 {
		return Summary{}, false
	}
	return summarize(r.Samples[p]), true
}

// Values returns the metrics that goals bound, of what could be measured: ratios
// need a round with both programs.
func (r *Result) Values() map[plan.Metric]float64 {
	values := make(map[plan.Metric]float64)
	base, subject := r.Workload.Compared()
	s, ok := r.Summary(subject)
	if !ok {
		return values
	}
	if r.Workload.Host.Sizes {
		r.addSizes(values, s, base)
		return values
	}
	values[plan.Lost] = float64(s.Lost)
	if r.Workload.Host.Hangs {
		values[plan.Query] = s.Query.Seconds() * 1000
	}
	if pairs := r.pairs(base, subject); len(pairs) > 0 {
		values[plan.Rate] = ratio(pairs, Sample.Rate)
		values[plan.CPU] = ratio(pairs, Sample.CPUEach)
		values[plan.P50] = ratio(pairs, p50)
		values[plan.P99] = ratio(pairs, p99)
	}
	if pairs := r.pairs(plan.Fio, subject); len(pairs) > 0 {
		values[plan.OfFio] = ratio(pairs, Sample.Rate)
	}
	return values
}

// addSizes adds the metrics of a workload that measures sizes.
func (r *Result) addSizes(values map[plan.Metric]float64, s Summary, base plan.Program) {
	values[plan.Memory] = MiB(s.PSS)
	values[plan.Start] = s.Start.Seconds()
	values[plan.Answers] = float64(s.Answers)
	if one, ok := r.Summary(base); ok && r.Workload.Host.Links > 1 {
		values[plan.LinkMemory] = MiB(s.PSS-one.PSS) / float64(r.Workload.Host.Links-1)
	}
}

// pairs returns the rounds in which two programs could both be measured.
func (r *Result) pairs(base, subject plan.Program) []pair {
	var all []pair
	for _, b := range r.Samples[base] {
		for _, s := range r.Samples[subject] {
			if b.Round == s.Round {
				all = append(all, pair{b, s})
			}
		}
	}
	return all
}

// Verdict is how a result stands to one of its goals.
type Verdict struct {
	Goal  plan.Goal
	Met   bool
	Value float64
}

// String writes the verdict.
func (v Verdict) String() string {
	if v.Met {
		return v.Goal.String() + " met"
	}
	return v.Goal.String() + " missed"
}

// Verdicts returns how a result stands to its goals; of those that could not be
// measured nothing.
func (r *Result) Verdicts() []Verdict {
	values := r.Values()
	var all []Verdict
	for _, g := range r.Workload.Goals {
		if v, ok := values[g.Metric]; ok {
			all = append(all, Verdict{g, g.Met(v), v})
		}
	}
	return all
}

// Peaks returns the highest memory of each program that serves one export, in
// bytes.
func Peaks(results []*Result) map[plan.Program]int64 {
	highest := make(map[plan.Program]int64)
	for _, r := range results {
		for p := range r.Samples {
			if s, ok := r.Summary(p); ok && r.Workload.Host.Exports < 2 {
				highest[p] = max(highest[p], s.Peak)
			}
		}
	}
	return highest
}

// Score counts the goals, that of memory too: how many are met of how many that
// could be measured.
func Score(results []*Result) (met, all int) {
	count := func(ok bool) {
		all++
		if ok {
			met++
		}
	}
	for _, r := range results {
		for _, v := range r.Verdicts() {
			count(v.Met)
		}
	}
	if peak := Peaks(results)[plan.Ours]; peak > 0 {
		count(peak <= plan.MaxPeak)
	}
	return met, all
}

// Others returns what other programs took of the CPUs in each sample, in order.
func Others(results []*Result) []float64 {
	var shares []float64
	for _, r := range results {
		if r.Workload.Host.Sizes {
			continue // measured without a meter
		}
		for p, samples := range r.Samples {
			if p != plan.Threads && p != plan.Fio { // neither are these
				shares = append(shares, pick(samples, func(s Sample) float64 { return s.Others })...)
			}
		}
	}
	slices.SortFunc(shares, cmp.Compare[float64])
	return shares
}

// MiB returns bytes in MiB.
func MiB(bytes int64) float64 { return float64(bytes) / (1 << 20) }
