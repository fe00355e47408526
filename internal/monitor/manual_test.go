// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"vblade/internal/blade"
	"vblade/internal/stats"
)

// manual is vblade(8).
const manual = "../../man/vblade.8"

// read returns a file's text.
func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// documented are the figures of the report that the manual shows.
func documented() stats.Server {
	e := stats.Export{Shelf: 9, Reads: 12034, ReadBytes: 12_322_816, Writes: 88, WriteBytes: 90_112, Flushes: 3,
		InFlight: 5, Oldest: 12300 * time.Millisecond, Hanging: true, Service: stats.NewService()}
	e.Errors[blade.FaultArgument], e.Errors[blade.FaultNotFound] = 2, 7
	e.Service[stats.Read].Add(35*time.Microsecond, 12034)
	e.Service[stats.Other].Add(1100*time.Microsecond, 200)
	return stats.Server{Exports: []stats.Export{e}, Links: []stats.Link{{Name: "eth0",
		Received: 12205, Sent: 12135, Ignored: 66, Dropped: 8, Receive: "ring", Send: "bypass", WhySend: "AF_XDP: not on a bridge interface"}}}
}

// TestManualShowsReport compares the report in the manual with the program's.
func TestManualShowsReport(t *testing.T) {
	want := Report(documented())
	if got := strings.ReplaceAll(read(t, manual), "\n    ", " "); !strings.Contains(got, ".Bd -literal -offset indent\n"+want+".Ed\n") {
		t.Errorf("the manual does not show\n%s", want)
	}
}

// TestManualNamesMetrics compares the metrics that the manual names with those
// of the page, and looks for the kinds of errors.
func TestManualNamesMetrics(t *testing.T) {
	var page bytes.Buffer
	s := documented()
	if err := writePage(&page, &s); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\w+) `).FindAllStringSubmatch(page.String(), -1) {
		want = append(want, m[1])
	}
	slices.Sort(want)
	text := read(t, manual)
	got := regexp.MustCompile(`\bvblade_[a-z_]+\b`).FindAllString(text, -1)
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("the manual names the metrics\n%q; the page has\n%q", got, want)
	}
	words := strings.Join(strings.Fields(text), " ")
	for f := range blade.Faults {
		if kind := blade.Fault(f).String(); f > 0 && !strings.Contains(words, kind) {
			t.Errorf("the manual does not name the error %s", kind)
		}
	}
}
