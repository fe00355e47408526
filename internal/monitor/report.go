// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"fmt"
	"strings"

	"vblade/internal/blade"
	"vblade/internal/stats"
)

// Report is one line for each export and one for each link. People's scripts
// read them: every figure is always there, and always in the same order.
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

// Status is one line for all exports.
func Status(s stats.Server) string {
	lines := make([]string, len(s.Exports))
	for i := range s.Exports {
		lines[i] = exportLine(&s.Exports[i])
	}
	return strings.Join(lines, "; ")
}

// target is what initiators call an export.
func target(e *stats.Export) string { return fmt.Sprintf("e%d.%d", e.Shelf, e.Slot) }

// exportLine says what was counted of an export.
func exportLine(e *stats.Export) string {
	return fmt.Sprintf("%s: %d reads %s, %d writes %s, %d flushes, %s, %d masked out, %d in flight, p50 %s, p99 %s",
		target(e), e.Reads, byteCount(e.ReadBytes), e.Writes, byteCount(e.WriteBytes), e.Flushes, errorCounts(e),
		e.Masked, e.InFlight, duration(e.Service.Quantile(0.5)), duration(e.Service.Quantile(0.99)))
}

// errorCounts is the number of errors with, in brackets, those of each kind that
// there are.
func errorCounts(e *stats.Export) string {
	all := uint64(0)
	var kinds []string
	for f, n := range e.Errors {
		if n > 0 {
			all += n
			kinds = append(kinds, fmt.Sprintf("%d %s", n, blade.Fault(f)))
		}
	}
	if all == 0 {
		return "0 errors"
	}
	return fmt.Sprintf("%d errors (%s)", all, strings.Join(kinds, ", "))
}

// linkLine says what was counted of a link.
func linkLine(l *stats.Link) string {
	return fmt.Sprintf("%s: %d frames received, %d sent, %d ignored, %d dropped by the kernel, %d replies dropped",
		l.Name, l.Received, l.Sent, l.Ignored, l.Dropped, l.Unsent)
}
