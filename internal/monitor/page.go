// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"fmt"
	"io"
	"strings"
	"time"

	"vblade/internal/blade"
	"vblade/internal/stats"
)

// counter is a counter on the page: its name, what it counts, and how many
// there were of it on a T, an export or a link.
type counter[T any] struct {
	name, help string
	value      func(T) uint64
}

// exportCounters are the counters of an export that have no label but its target.
var exportCounters = []counter[*stats.Export]{
	{"vblade_reads_total", "READ commands that went to the disk.", func(e *stats.Export) uint64 { return e.Reads }},
	{"vblade_read_bytes_total", "Bytes read from the disk.", func(e *stats.Export) uint64 { return e.ReadBytes }},
	{"vblade_writes_total", "WRITE commands that went to the disk.", func(e *stats.Export) uint64 { return e.Writes }},
	{"vblade_write_bytes_total", "Bytes written to the disk.", func(e *stats.Export) uint64 { return e.WriteBytes }},
	{"vblade_flushes_total", "FLUSH CACHE commands that went to the disk.", func(e *stats.Export) uint64 { return e.Flushes }},
	{"vblade_masked_frames_total", "Frames of sources that the MAC mask list leaves out, where the system's filter let them pass.", func(e *stats.Export) uint64 { return e.Masked }},
}

// linkCounters are the counters of a link.
var linkCounters = []counter[*stats.Link]{
	{"vblade_received_frames_total", "Frames received.", func(l *stats.Link) uint64 { return l.Received }},
	{"vblade_sent_frames_total", "Frames sent.", func(l *stats.Link) uint64 { return l.Sent }},
	{"vblade_ignored_frames_total", "Frames received that got no answer.", func(l *stats.Link) uint64 { return l.Ignored }},
	{"vblade_kernel_dropped_frames_total", "Frames dropped by the kernel for want of room in the receive buffer.", func(l *stats.Link) uint64 { return l.Dropped }},
	{"vblade_dropped_replies_total", "Replies that could not be sent.", func(l *stats.Link) uint64 { return l.Unsent }},
}

// The buckets that the page shows of the service times: powers of two of
// nanoseconds from 4 microseconds to 17 seconds.
const (
	firstBucket = time.Duration(1 << 12)
	lastBucket  = time.Duration(1 << 34)
)

// writePage writes all of s in Prometheus' text format, which wants the samples
// of a metric together.
func writePage(w io.Writer, s *stats.Server) {
	for _, c := range exportCounters {
		writeHead(w, c.name, "counter", c.help)
		for i := range s.Exports {
			fmt.Fprintf(w, "%s{%s} %d\n", c.name, targetLabel(&s.Exports[i]), c.value(&s.Exports[i]))
		}
	}
	writeHead(w, "vblade_errors_total", "counter", "Requests that were refused or failed, by kind.")
	for i := range s.Exports {
		writeErrors(w, &s.Exports[i])
	}
	writeHead(w, "vblade_requests_in_flight", "gauge", "Requests that wait for the disk, or for others before them.")
	for i := range s.Exports {
		fmt.Fprintf(w, "vblade_requests_in_flight{%s} %d\n", targetLabel(&s.Exports[i]), s.Exports[i].InFlight)
	}
	writeHead(w, "vblade_service_seconds", "histogram", "Time from a request's arrival to the sending of its reply.")
	for i := range s.Exports {
		writeTimes(w, &s.Exports[i])
	}
	for _, c := range linkCounters {
		writeHead(w, c.name, "counter", c.help)
		for i := range s.Links {
			fmt.Fprintf(w, "%s{link=%s} %d\n", c.name, quote(s.Links[i].Name), c.value(&s.Links[i]))
		}
	}
}

// writeHead begins the samples of a metric.
func writeHead(w io.Writer, name, kind, help string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// writeErrors writes an export's errors of every kind.
func writeErrors(w io.Writer, e *stats.Export) {
	for f, n := range e.Errors {
		if f := blade.Fault(f); f != blade.FaultNone {
			kind := strings.ReplaceAll(f.String(), " ", "_")
			fmt.Fprintf(w, "vblade_errors_total{%s,kind=%s} %d\n", targetLabel(e), quote(kind), n)
		}
	}
}

// writeTimes writes an export's service times.
func writeTimes(w io.Writer, e *stats.Export) {
	const name = "vblade_service_seconds"
	label, times := targetLabel(e), &e.Service
	for d := firstBucket; d <= lastBucket; d *= 2 {
		fmt.Fprintf(w, "%s_bucket{%s,le=\"%v\"} %d\n", name, label, d.Seconds(), times.Within(d))
	}
	fmt.Fprintf(w, "%s_bucket{%s,le=\"+Inf\"} %d\n", name, label, times.Count())
	fmt.Fprintf(w, "%s_sum{%s} %v\n", name, label, times.Seconds())
	fmt.Fprintf(w, "%s_count{%s} %d\n", name, label, times.Count())
}

// targetLabel is the label that names an export.
func targetLabel(e *stats.Export) string { return "target=" + quote(target(e)) }

// quote is the value of a label: an interface's name may hold nearly anything.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
