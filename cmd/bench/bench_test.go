// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"vblade/test/lab"
)

// TestMain lets the test's program be the helper that a test starts.
func TestMain(m *testing.M) {
	if slices.Contains(os.Args, "-echo") {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestQuantile compares the histogram's quantiles with those of the sorted
// values.
func TestQuantile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, most := range []int64{3, 200, 100_000, 50_000_000, 1 << 40} {
		var h histogram
		var values []time.Duration
		for range 10_000 {
			d := time.Duration(random.Int64N(most))
			values = append(values, d)
			h.add(d)
		}
		slices.Sort(values)
		for _, q := range []float64{0, 0.5, 0.99, 1} {
			want := values[int(q*float64(len(values)-1))]
			got := h.quantile(q)
			if diff := (got - want).Abs(); diff > want/subBuckets+1 {
				t.Errorf("quantile %v of values below %d is %d instead of %d", q, most, got, want)
			}
		}
	}
}

// TestMedian takes medians of odd and even numbers of values.
func TestMedian(t *testing.T) {
	if got := median([]float64{9, 1, 5}); got != 5 {
		t.Errorf("the median of three is %v", got)
	}
	if got := median([]time.Duration{9, 1, 5, 6}); got != 5 {
		t.Errorf("the median of four is %v", got)
	}
}

// TestQuieter keeps the samples that were disturbed least.
func TestQuieter(t *testing.T) {
	disturbance := func(s sample) float64 { return s.others }
	var samples []sample
	for i, others := range []float64{0.5, 0, 0.9, 0.1, 0.2} {
		samples = append(samples, sample{requests: i, others: others})
		if got, want := len(quieter(samples, disturbance)), []int{1, 2, 2, 3, 3}[i]; got != want {
			t.Errorf("of %d samples %d are kept instead of %d", i+1, got, want)
		}
	}
	if got := pick(quieter(samples, disturbance), func(s sample) int { return s.requests }); !slices.Equal(got, []int{1, 3, 4}) {
		t.Errorf("samples %v are kept", got)
	}
}

// TestRatio takes a ratio within each round, of those that were quiet.
func TestRatio(t *testing.T) {
	r := newResult(workload{})
	for round, x := range []struct {
		c, o   int
		others float64
	}{{100, 150, 0}, {50, 200, 0.4}, {400, 500, 0.1}, {200, 280, 0}, {1, 100, 0.3}} {
		r.samples[theirs] = append(r.samples[theirs], sample{round: round, requests: x.c, elapsed: time.Second})
		r.samples[ours] = append(r.samples[ours], sample{round: round, requests: x.o, elapsed: time.Second, others: x.others})
	}
	if got := ratio(r.pairs(theirs, ours), sample.rate); got != 1.4 { // of 1.5, 1.25 and 1.4
		t.Errorf("the ratio is %v", got)
	}
	r.samples[ours] = r.samples[ours][1:]                             // as after a failure in round 0
	if got := ratio(r.pairs(theirs, ours), sample.rate); got != 1.4 { // of 1.25, 1.4 and 100
		t.Errorf("without a round the ratio is %v", got)
	}
}

// TestWorkloads wants names that -only can tell apart and wires for all.
func TestWorkloads(t *testing.T) {
	seen := make(map[string]bool)
	for _, w := range workloads() {
		if seen[w.name()] {
			t.Errorf("two workloads are called %s", w.name())
		}
		seen[w.name()] = true
		w.wire()
	}
}

// fakeResults returns a result for every workload, ours twice as fast as C's,
// but failing at the first.
func fakeResults() []*result {
	var all []*result
	for _, w := range workloads() {
		r := newResult(w)
		for _, p := range w.programs() {
			s := sample{requests: 1000 * w.depth, elapsed: time.Second, cpu: time.Second / 2, p50: 20 * time.Microsecond, p99: time.Millisecond}
			if p == ours {
				s.requests *= 2
				s.peak = 1 << 20
			}
			r.samples[p] = []sample{s}
		}
		all = append(all, r)
	}
	delete(all[0].samples, ours)
	all[0].failures[ours] = errors.New("a failure")
	return all
}

// TestReport writes the page and the chart of results, one of them missing.
func TestReport(t *testing.T) {
	results := fakeResults()
	page := markdown(options{}, machine{}, results, tables(results))
	for _, want := range []string{"| sequential read | 64 | 64000 | 128000 | 2.00 |", "rate ≥ 1.5 met", "rate ≥ 12 missed", "| sequential read | 1 | 1000 | - | - |", "a failure", "goal ≤ 24 MiB met"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	d := xml.NewDecoder(strings.NewReader(chart(results)))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the chart is not well formed: %v", err)
		}
	}
}

// TestChartWithoutResults draws the chart of nothing.
func TestChartWithoutResults(t *testing.T) {
	if got := chart(nil); strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
		t.Error("the chart has points that are no numbers")
	}
}

// TestLoad runs a load against the echo: it counts what it does, and allocates
// nothing for a request.
func TestLoad(t *testing.T) {
	host := lab.TestHost(t)
	w := workload{disk: noDisk, mtu: 1500, depth: 16}
	ini, err := w.wire().lay(host)
	if err != nil {
		t.Fatal(err)
	}
	defer ini.Close()
	cpus, err := chooseCPUs()
	if err != nil {
		t.Skip(err)
	}
	target, err := launch(host, []int{cpus.target}, []int{cpus.load}, "/proc/self/exe", "-echo", w.wire().target)
	if err != nil {
		t.Fatal(err)
	}
	defer target.stop()
	found, err := ini.Find(shelf, slot)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoad(w, found, fileSize/sectorSize, &meter{cpus: cpus, target: target}, 100*time.Millisecond)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := l.run()
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if s.requests < 100 || s.cpu <= 0 || s.p50 <= 0 || s.p99 < s.p50 || s.elapsed < 100*time.Millisecond {
		t.Errorf("the sample makes no sense: %+v", s)
	}
	// Reading the target's counters allocates, twice; the requests do not.
	if n := after.Mallocs - before.Mallocs; n > 200+uint64(s.requests)/50 {
		t.Errorf("%d allocations for %d requests", n, s.requests)
	}
}
