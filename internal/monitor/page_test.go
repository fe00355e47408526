// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"vblade/internal/stats"
)

// The text format 0.0.4, of which the page uses no more than this.
var (
	helpLine   = regexp.MustCompile(`^# HELP (vblade_[a-z_]+) ([A-Z][^\\]*\.)$`)
	typeLine   = regexp.MustCompile(`^# TYPE (vblade_[a-z_]+) (counter|gauge|histogram)$`)
	sampleLine = regexp.MustCompile(`^(vblade_[a-z_]+)\{((?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+)\} ([0-9.e+-]+)$`)
	labelPair  = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
)

// page is a page that was read: the values by name and labels as written.
type page map[string]float64

// readPage reads a page strictly.
func readPage(t *testing.T, text string) page {
	t.Helper()
	if !strings.HasSuffix(text, "\n") {
		t.Error("the page does not end with a newline")
	}
	p := page{}
	seen := map[string]bool{}
	var name, kind string
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if m := helpLine.FindStringSubmatch(line); m != nil {
			if seen[m[1]] {
				t.Errorf("%s comes twice", m[1])
			}
			name, kind, seen[m[1]] = m[1], "", true
		} else if m := typeLine.FindStringSubmatch(line); m != nil && m[1] == name && kind == "" {
			kind = m[2]
		} else if m := sampleLine.FindStringSubmatch(line); m != nil && kind != "" {
			p.add(t, name, kind, m[1], m[2], m[3])
		} else {
			t.Errorf("what is this line? %s", line)
		}
	}
	return p
}

// add adds a sample of the metric name, and checks that it is one.
func (p page) add(t *testing.T, name, kind, sample, labels, value string) {
	t.Helper()
	suffix, ok := strings.CutPrefix(sample, name)
	if !ok || kind != "histogram" && suffix != "" || kind == "histogram" && suffix != "_bucket" && suffix != "_sum" && suffix != "_count" {
		t.Errorf("%s is no sample of the %s %s", sample, kind, name)
	}
	if (kind == "counter") != strings.HasSuffix(name, "_total") {
		t.Errorf("%s is a %s", name, kind)
	}
	pairs := labelPair.FindAllString(labels, -1)
	if strings.Join(pairs, ",") != labels {
		t.Errorf("labels %s", labels)
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		t.Error(err)
	}
	key := sample + "{" + labels + "}"
	if _, twice := p[key]; twice {
		t.Errorf("%s comes twice", key)
	}
	p[key] = v
}

// want checks values.
func (p page) want(t *testing.T, values map[string]float64) {
	t.Helper()
	for key, v := range values {
		if got, there := p[key]; !there || got != v {
			t.Errorf("%s is %v, on the page: %v; want %v", key, got, there, v)
		}
	}
}

// checkHistogram checks that a histogram's buckets only grow, up to its count.
func (p page) checkHistogram(t *testing.T, name, label string) {
	t.Helper()
	last := 0.0
	for d := firstBucket; d <= lastBucket; d *= 2 {
		key := fmt.Sprintf(`%s_bucket{%s,le="%v"}`, name, label, d.Seconds())
		n, there := p[key]
		if !there || n < last {
			t.Errorf("%s is %v after %v, on the page: %v", key, n, last, there)
		}
		last = n
	}
	all, count := p[name+"_bucket{"+label+`,le="+Inf"}`], p[name+"_count{"+label+"}"]
	if all < last || all != count {
		t.Errorf("%s: %v up to the last bound, %v in all, count %v", name, last, all, count)
	}
}

// TestPageForm pins the page of TestPage, which dashboards read.
func TestPageForm(t *testing.T) {
	const golden = "testdata/page.txt"
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	s := someStats()
	if err := writePage(&text, &s); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); got != string(want) {
		t.Errorf("the page is not that of %s but\n%s", golden, got)
	}
}

// manyExports is what a host of n exports counts, all of which are used for
// everything.
func manyExports(n int) stats.Server {
	s := stats.Server{Links: []stats.Link{{Name: "eth0"}, {Name: "eth1"}, {Name: "eth2"}}}
	for i := range n {
		e := stats.Export{Shelf: uint16(i / 100), Slot: uint8(i % 100), Disk: fmt.Sprintf("/srv/disk%d.img", i),
			Links: []string{"eth0", "eth1"}, Reads: 1e6, Service: stats.NewService()}
		for op := range e.Service {
			for d := time.Microsecond; d < time.Second; d *= 2 {
				e.Service[op].Add(d, 1000)
			}
		}
		s.Exports = append(s.Exports, e)
	}
	return s
}

// TestPageOfMany writes the page of a thousand exports, and holds little of it.
func TestPageOfMany(t *testing.T) {
	s := manyExports(1000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := writePage(io.Discard, &s); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
		t.Errorf("%d bytes are allocated", used)
	}
}

// BenchmarkPage writes the page of a thousand exports.
func BenchmarkPage(b *testing.B) {
	s := manyExports(1000)
	b.ReportAllocs()
	for range b.N {
		writePage(io.Discard, &s)
	}
}

// BenchmarkReport writes the report of a thousand exports.
func BenchmarkReport(b *testing.B) {
	s := manyExports(1000)
	b.ReportAllocs()
	for range b.N {
		Report(s)
	}
}

// TestPage reads a page of several exports and links.
func TestPage(t *testing.T) {
	var text bytes.Buffer
	s := someStats()
	writePage(&text, &s)
	p := readPage(t, text.String())
	p.want(t, map[string]float64{
		`vblade_reads_total{target="e9.1"}`:                                         12034,
		`vblade_reads_total{target="e65534.254"}`:                                   0,
		`vblade_read_bytes_total{target="e9.1"}`:                                    12_322_816,
		`vblade_writes_total{target="e9.1"}`:                                        88,
		`vblade_write_bytes_total{target="e9.1"}`:                                   90_112,
		`vblade_flushes_total{target="e9.1"}`:                                       3,
		`vblade_masked_frames_total{target="e9.1"}`:                                 4,
		`vblade_requests_in_flight{target="e9.1"}`:                                  5,
		`vblade_errors_total{target="e9.1",kind="bad_argument"}`:                    2,
		`vblade_errors_total{target="e9.1",kind="not_found"}`:                       7,
		`vblade_errors_total{target="e9.1",kind="config_string_present"}`:           0,
		`vblade_errors_total{target="e65534.254",kind="not_found"}`:                 0,
		`vblade_shed_requests_total{target="e9.1"}`:                                 10,
		`vblade_repeated_requests_total{target="e9.1"}`:                             12,
		`vblade_initiators{target="e9.1"}`:                                          13,
		`vblade_oldest_request_seconds{target="e9.1"}`:                              12.345,
		`vblade_disk_failing{target="e9.1"}`:                                        1,
		`vblade_flush_failed{target="e9.1"}`:                                        1,
		`vblade_flush_failed{target="e65534.254"}`:                                  0,
		`vblade_size_bytes{target="e9.1"}`:                                          4_294_972_416,
		`vblade_errors_total{target="e9.1",kind="disk_failed"}`:                     0,
		`vblade_export_link{target="e9.1",link="eth0"}`:                             1,
		`vblade_service_seconds_bucket{target="e9.1",op="read",le="1.6384e-05"}`:    0,
		`vblade_service_seconds_bucket{target="e9.1",op="read",le="3.2768e-05"}`:    12034,
		`vblade_service_seconds_bucket{target="e9.1",op="write",le="17.179869184"}`: 87,
		`vblade_service_seconds_bucket{target="e9.1",op="write",le="+Inf"}`:         88,
		`vblade_service_seconds_sum{target="e9.1",op="write"}`:                      20.087,
		`vblade_received_frames_total{link="eth0"}`:                                 12200,
		`vblade_sent_frames_total{link="eth0"}`:                                     12130,
		`vblade_ignored_frames_total{link="eth0"}`:                                  66,
		`vblade_kernel_dropped_frames_total{link="eth0"}`:                           8,
		`vblade_dropped_replies_total{link="eth0"}`:                                 6,
		`vblade_received_frames_total{link="a\"b\\c"}`:                              0,
	})
	for _, op := range []string{"read", "write"} {
		p.checkHistogram(t, "vblade_service_seconds", label("target", "e9.1")+","+label("op", op))
	}
	if _, there := p[`vblade_service_seconds_count{target="e9.1",op="flush"}`]; there {
		t.Error("there is a histogram of flushes that there were none of")
	}
}
