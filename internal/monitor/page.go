// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"io"
	"strconv"
	"strings"
	"time"

	"vblade/internal/blade"
	"vblade/internal/stats"
)

// metric is a metric that each T, an export or a link, has.
type metric[T any] struct {
	name, kind, help string
	value            func(T) float64
}

// exportMetrics returns the metrics of an export that have no label but its
// target.
func exportMetrics() []metric[*stats.Export] {
	const counter, gauge = "counter", "gauge"
	type e = *stats.Export
	return []metric[e]{
		{"vblade_reads_total", counter, "READ commands that went to the disk.", func(e e) float64 { return float64(e.Reads) }},
		{"vblade_read_bytes_total", counter, "Bytes read from the disk.", func(e e) float64 { return float64(e.ReadBytes) }},
		{"vblade_writes_total", counter, "WRITE commands that went to the disk.", func(e e) float64 { return float64(e.Writes) }},
		{"vblade_write_bytes_total", counter, "Bytes written to the disk.", func(e e) float64 { return float64(e.WriteBytes) }},
		{"vblade_flushes_total", counter, "FLUSH CACHE commands that went to the disk.", func(e e) float64 { return float64(e.Flushes) }},
		{"vblade_masked_frames_total", counter, "Frames of sources that the MAC mask list leaves out, where the system's filter let them pass.", func(e e) float64 { return float64(e.Masked) }},
		{"vblade_shed_requests_total", counter, "Requests dropped because the export had used up its share of the buffers.", func(e e) float64 { return float64(e.Shed) }},
		{"vblade_repeated_requests_total", counter, "Reads, writes and flushes that their initiator had sent before.", func(e e) float64 { return float64(e.Repeated) }},
		{"vblade_initiators", gauge, "Initiators that have read, written or flushed since the export was added; at most 64 are remembered.", func(e e) float64 { return float64(e.Initiators) }},
		{"vblade_requests_in_flight", gauge, "Requests that wait for the disk, or for others before them.", func(e e) float64 { return float64(e.InFlight) }},
		{"vblade_oldest_request_seconds", gauge, "How long the oldest request in flight has waited; 0 without one.", func(e e) float64 { return e.Oldest.Seconds() }},
		{"vblade_disk_failing", gauge, "Whether requests fail at the disk, or did in the last 10 seconds: 1, else 0.", func(e e) float64 { return truth(e.Failing) }},
		{"vblade_flush_failed", gauge, "Whether a flush has failed, after which every other one does: 1, else 0.", func(e e) float64 { return truth(e.FlushFailed) }},
		{"vblade_rivals", gauge, "Other targets with the same address that were heard on the LAN in the last 3 minutes.", func(e e) float64 { return float64(e.Rivals) }},
		{"vblade_size_bytes", gauge, "The size of the export.", func(e e) float64 { return float64(e.Bytes) }},
	}
}

// linkMetrics returns the metrics of a link that have no label but its name.
func linkMetrics() []metric[*stats.Link] {
	const counter, gauge = "counter", "gauge"
	type l = *stats.Link
	return []metric[l]{
		{"vblade_received_frames_total", counter, "Frames received.", func(l l) float64 { return float64(l.Received) }},
		{"vblade_sent_frames_total", counter, "Frames sent.", func(l l) float64 { return float64(l.Sent) }},
		{"vblade_ignored_frames_total", counter, "Frames received that got no answer.", func(l l) float64 { return float64(l.Ignored) }},
		{"vblade_kernel_dropped_frames_total", counter, "Frames dropped by the kernel for want of room in the receive buffer.", func(l l) float64 { return float64(l.Dropped) }},
		{"vblade_stale_frames_total", counter, "Frames that had waited for more than a second when they were received or their work could begin, and were dropped.", func(l l) float64 { return float64(l.Stale) }},
		{"vblade_dropped_replies_total", counter, "Replies that could not be sent.", func(l l) float64 { return float64(l.Unsent) }},
		{"vblade_link_up", gauge, "Whether the link carries frames: 1, else 0.", func(l l) float64 { return truth(l.Down == "") }},
	}
}

// truth is a boolean as a gauge shows it.
func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// writePage writes all of s in Prometheus' text format, which wants the samples of
// a metric together.
func writePage(w io.Writer, s *stats.Server) error {
	p := newSamples(w)
	targets := make([]string, len(s.Exports))
	for i := range s.Exports {
		targets[i] = label("target", s.Exports[i].Name())
	}
	p.exportInfo(s.Exports, targets)
	for _, m := range exportMetrics() {
		p.head(m.name, m.kind, m.help)
		for i := range s.Exports {
			p.put(m.name, m.value(&s.Exports[i]), targets[i])
		}
	}
	p.errors(s.Exports, targets)
	p.times(s.Exports, targets)
	p.linkInfo(s.Links)
	for _, m := range linkMetrics() {
		p.head(m.name, m.kind, m.help)
		for i := range s.Links {
			p.put(m.name, m.value(&s.Links[i]), label("link", s.Links[i].Name))
		}
	}
	return p.w.Flush()
}

// exportInfo writes what the exports are, and which links they are served on.
func (s *samples) exportInfo(exports []stats.Export, targets []string) {
	const info, link = "vblade_export_info", "vblade_export_link"
	s.head(info, "gauge", "What is exported: 1.")
	for i := range exports {
		mode := "O_RDWR"
		if exports[i].ReadOnly {
			mode = "O_RDONLY"
		}
		s.put(info, 1, targets[i], label("disk", exports[i].Disk), label("mode", mode))
	}
	s.head(link, "gauge", "The links that an export is served on: 1 for each.")
	for i := range exports {
		for _, name := range exports[i].Links {
			s.put(link, 1, targets[i], label("link", name))
		}
	}
}

// errors writes the errors of every kind.
func (s *samples) errors(exports []stats.Export, targets []string) {
	const name = "vblade_errors_total"
	s.head(name, "counter", "Requests that were refused or, as disk_failed, failed, by kind.")
	var kinds [blade.Faults]string
	for f := range kinds {
		kinds[f] = label("kind", strings.ReplaceAll(blade.Fault(f).String(), " ", "_"))
	}
	for i := range exports {
		for f, n := range exports[i].Errors {
			if blade.Fault(f) != blade.FaultNone {
				s.put(name, float64(n), targets[i], kinds[f])
			}
		}
	}
}

// The buckets that the page shows of the service times: powers of two of
// nanoseconds from 4 microseconds to 17 seconds.
const (
	firstBucket = time.Duration(1 << 12)
	lastBucket  = time.Duration(1 << 34)
)

// times writes the service times of each operation that an export has served.
func (s *samples) times(exports []stats.Export, targets []string) {
	const name = "vblade_service_seconds"
	s.head(name, "histogram", "Time from a request's arrival to the sending of its reply, by operation; of those served so far.")
	var bounds []string
	for d := firstBucket; d <= lastBucket; d *= 2 {
		bounds = append(bounds, label("le", strconv.FormatFloat(d.Seconds(), 'g', -1, 64)))
	}
	var t stats.Times
	for i := range exports {
		for op, h := range exports[i].Service {
			if h == nil {
				continue
			}
			t.Reset()
			t.Add(h)
			s.histogram(name, targets[i], label("op", stats.Operation(op).String()), bounds, &t)
		}
	}
}

// histogram writes the histogram of a target's operation, if it is not empty.
func (s *samples) histogram(name, target, op string, bounds []string, t *stats.Times) {
	all := float64(t.Count())
	if all == 0 {
		return
	}
	bucket, i := name+"_bucket", 0
	for _, n := range t.Doubling(firstBucket, lastBucket) {
		s.put(bucket, float64(n), target, op, bounds[i])
		i++
	}
	s.put(bucket, all, target, op, label("le", "+Inf"))
	s.put(name+"_sum", t.Seconds(), target, op)
	s.put(name+"_count", all, target, op)
}

// linkInfo writes how links receive and send.
func (s *samples) linkInfo(links []stats.Link) {
	const name = "vblade_link_info"
	s.head(name, "gauge", "How a link receives and sends, and why not faster: 1.")
	for i := range links {
		l := &links[i]
		s.put(name, 1, label("link", l.Name), label("receive", l.Receive), label("send", l.Send),
			label("why_receive", l.WhyReceive), label("why_send", l.WhySend))
	}
}
