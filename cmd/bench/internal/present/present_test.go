// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package present

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"vblade/cmd/bench/internal/load"
	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/result"
)

// fakeResults returns a result for every workload, ours twice as fast as C's,
// but failing at the first.
func fakeResults() []*result.Result {
	var all []*result.Result
	for _, w := range plan.Workloads() {
		r := result.New(w)
		for _, p := range w.Programs {
			s := result.Sample{
				Sample: load.Sample{Requests: 1000 * w.Depth, Elapsed: time.Second, P50: 20 * time.Microsecond, P99: time.Millisecond},
				CPU:    time.Second / 2,
				PSS:    20 << 20,
				Start:  time.Second,
			}
			if p == plan.Ours {
				s.Requests *= 2
				s.Peak = 1 << 20
			}
			r.Samples[p] = []result.Sample{s}
		}
		all = append(all, r)
	}
	delete(all[0].Samples, plan.Ours)
	all[0].Failures[plan.Ours] = errors.New("a failure")
	return all
}

// TestPage writes the page of results, one of them missing.
func TestPage(t *testing.T) {
	results := fakeResults()
	page := Page(Setting{}, results, Tables(results))
	for _, want := range []string{
		"| sequential read | 64 | 64000 | 128000 | 2.00 |",
		"rate ≥ 1.5 met",
		"rate ≥ 12 missed",
		"| sequential read | 1 | 1000 | - | - |",
		"a failure",
		"goal ≤ 24 MiB met",
		"of fio ≥ 0.9 met",
		"| one of 1000, random read | 64 |",
		"| 1000 exports | server | 20.0 | 0 | 1.00 | 0 | MiB ≤ 96 met, start s ≤ 30 met, answers ≥ 1000 missed |",
		"| 1 export on 2 links | alone | 20.0 | 0 | 1.00 | 0 |  |",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for _, table := range Tables(results) {
		for _, line := range table.rows {
			if len(line) != len(table.columns) {
				t.Errorf("a row of %q has %d cells instead of %d", table.title, len(line), len(table.columns))
			}
		}
	}
}

// TestAhead has the C program ahead in the rate of one load and in the CPU time of
// another.
func TestAhead(t *testing.T) {
	results := fakeResults()[1:]
	slow, dear := results[1], results[2]
	slow.Samples[plan.Ours][0].Requests /= 4
	slow.Samples[plan.Ours][0].CPU /= 4
	dear.Samples[plan.Ours][0].CPU *= 3
	w := slow.Workload
	want := fmt.Sprintf(" loads on one export, C has the higher rate in 1 (ours in brackets): %s: %s, %d outstanding (0.50). It takes less CPU time a request in 1.\n\n",
		w.Group, w.Pattern(), w.Depth)
	if got := ahead(results); !strings.HasSuffix(got, want) {
		t.Errorf("it says %q, want %q", got, want)
	}
}

// TestChart wants a well-formed picture with a curve for each program.
func TestChart(t *testing.T) {
	picture := Chart(fakeResults())
	if got, want := strings.Count(picture, "<polyline"), 4*2+2*2+1; got != want {
		t.Errorf("the chart has %d curves instead of %d", got, want)
	}
	d := xml.NewDecoder(strings.NewReader(picture))
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
	if got := Chart(nil); strings.Contains(got, "NaN") || strings.Contains(got, "Inf") {
		t.Error("the chart has points that are no numbers")
	}
}

// TestApart moves labels apart and leaves those that are.
func TestApart(t *testing.T) {
	got := apart([]label{{plan.C, 100}, {plan.Ours, 102}, {plan.Fio, 150}})
	if got[0].y != 94 || got[1].y != 108 || got[2].y != 150 {
		t.Errorf("the labels stand at %v", got)
	}
}
