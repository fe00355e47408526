// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"fmt"
	"slices"
	"strings"

	"vblade/internal/blade"
	"vblade/internal/stats"
)

// Report returns one line for each export and one for each link. Scripts rely on
// them: every figure is always there, always in the same order, and new ones are
// added at the end of the line.
func Report(s stats.Server) string {
	var lines strings.Builder
	for i := range s.Exports {
		fmt.Fprintln(&lines, exportLine(&s.Exports[i]))
	}
	for i := range s.Links {
		fmt.Fprintln(&lines, linkLine(&s.Links[i]))
	}
	return lines.String()
}

// exportLine returns the counters of an export.
func exportLine(e *stats.Export) string {
	times := e.Service.Times()
	return fmt.Sprintf("%s: %d reads %s, %d writes %s, %d flushes, %s, %d masked out, %d in flight, p50 %s, p99 %s, %d shed, oldest %s%s",
		e.Name(), e.Reads, byteCount(e.ReadBytes), e.Writes, byteCount(e.WriteBytes), e.Flushes, errorCounts(e),
		e.Masked, e.InFlight, duration(times.Quantile(0.5)), duration(times.Quantile(0.99)), e.Shed, duration(e.Oldest),
		brackets(troubles(e)...))
}

// troubles says what is wrong with an export's disk and its address.
func troubles(e *stats.Export) (all []string) {
	if e.Failing {
		all = append(all, "disk failing")
	}
	if e.Hanging {
		all = append(all, "disk hanging")
	}
	if e.FlushFailed {
		all = append(all, "flush failed")
	}
	if e.Rivals > 0 {
		all = append(all, count(e.Rivals, "rival"))
	}
	return all
}

// brackets returns the remarks that are not empty, in brackets.
func brackets(remarks ...string) string {
	text := strings.Join(slices.DeleteFunc(remarks, func(s string) bool { return s == "" }), ", ")
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}

// errorCounts returns the number of errors, and in brackets the number of each
// kind that has occurred.
func errorCounts(e *stats.Export) string {
	all := uint64(0)
	var kinds []string
	for f, n := range e.Errors {
		if n > 0 {
			all += n
			kinds = append(kinds, fmt.Sprintf("%d %s", n, blade.Fault(f)))
		}
	}
	return fmt.Sprintf("%d errors%s", all, brackets(kinds...))
}

// linkLine returns the counters of a link.
func linkLine(l *stats.Link) string {
	return fmt.Sprintf("%s: %d frames received, %d sent, %d ignored, %d dropped by the kernel, %d replies dropped, received by %s%s, sent by %s%s, %d stale",
		l.Name, l.Received, l.Sent, l.Ignored, l.Dropped, l.Unsent, l.Receive, brackets(l.WhyReceive), l.Send, brackets(l.WhySend), l.Stale)
}
