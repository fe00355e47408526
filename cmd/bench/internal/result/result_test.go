// SPDX-License-Identifier: GPL-2.0-only

package result

import (
	"slices"
	"testing"
	"time"

	"vblade/cmd/bench/internal/load"
	"vblade/cmd/bench/internal/plan"
)

// sample returns a sample of so many requests in a second.
func sample(round, requests int, others float64) Sample {
	return Sample{Sample: load.Sample{Requests: requests, Elapsed: time.Second}, Round: round, Others: others}
}

// TestMedian takes medians of odd and even numbers of values.
func TestMedian(t *testing.T) {
	if got := Median([]float64{9, 1, 5}); got != 5 {
		t.Errorf("the median of three is %v", got)
	}
	if got := Median([]time.Duration{9, 1, 5, 6}); got != 5 {
		t.Errorf("the median of four is %v", got)
	}
}

// TestQuieter keeps the samples that were disturbed least.
func TestQuieter(t *testing.T) {
	disturbance := func(s Sample) float64 { return s.Others }
	var samples []Sample
	for i, others := range []float64{0.5, 0, 0.9, 0.1, 0.2} {
		samples = append(samples, sample(0, i, others))
		if got, want := len(quieter(samples, disturbance)), []int{1, 2, 2, 3, 3}[i]; got != want {
			t.Errorf("of %d samples %d are kept instead of %d", i+1, got, want)
		}
	}
	if got := pick(quieter(samples, disturbance), func(s Sample) int { return s.Requests }); !slices.Equal(got, []int{1, 3, 4}) {
		t.Errorf("samples %v are kept", got)
	}
}

// TestRatio takes a ratio within each round, of those that were quiet.
func TestRatio(t *testing.T) {
	r := New(plan.Workload{})
	for round, x := range []struct {
		c, o   int
		others float64
	}{{100, 150, 0}, {50, 200, 0.4}, {400, 500, 0.1}, {200, 280, 0}, {1, 100, 0.3}} {
		r.Samples[plan.C] = append(r.Samples[plan.C], sample(round, x.c, 0))
		r.Samples[plan.Ours] = append(r.Samples[plan.Ours], sample(round, x.o, x.others))
	}
	if got := ratio(r.pairs(plan.C, plan.Ours), Sample.Rate); got != 1.4 { // of 1.5, 1.25 and 1.4
		t.Errorf("the ratio is %v", got)
	}
	r.Samples[plan.Ours] = r.Samples[plan.Ours][1:]                        // as after a failure in round 0
	if got := ratio(r.pairs(plan.C, plan.Ours), Sample.Rate); got != 1.4 { // of 1.25, 1.4 and 100
		t.Errorf("without a round the ratio is %v", got)
	}
}

// TestSizes takes the difference of one link and two, and the fewest answers.
func TestSizes(t *testing.T) {
	r := New(plan.Workload{
		Programs: []plan.Program{plan.Alone, plan.Server},
		Host:     plan.Host{Links: 2, Sizes: true},
		Goals:    []plan.Goal{{Metric: plan.LinkMemory, Bound: 10}, {Metric: plan.Answers, Least: true, Bound: 2}},
	})
	r.Samples[plan.Alone] = []Sample{{PSS: 20 << 20}}
	r.Samples[plan.Server] = []Sample{{PSS: 28 << 20, Answers: 2}, {PSS: 28 << 20, Answers: 1}}
	verdicts := r.Verdicts()
	if len(verdicts) != 2 || verdicts[0].Value != 8 || !verdicts[0].Met || verdicts[1].Value != 1 || verdicts[1].Met {
		t.Errorf("the verdicts are %+v", verdicts)
	}
}
