// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"fmt"
	"strings"
	"time"

	"vblade/internal/stats"
)

// Limits that keep a status line short.
const (
	handful  = 4 // up to so many exports are shown in full
	examples = 3 // names that it shows if there are more
)

// Status makes a status line: all counters of up to a handful of exports, a
// summary of more.
type Status struct {
	count    func() stats.Server
	now      func() time.Time
	last     time.Time // of the last summary
	requests uint64    // that had gone to disks at that time
}

// NewStatus returns the Status of what count returns.
func NewStatus(count func() stats.Server) *Status {
	return &Status{count: count, now: time.Now}
}

// Line returns the line. One goroutine at a time may call it.
func (s *Status) Line() string {
	all := s.count()
	if n := len(all.Exports); n == 0 || n > handful {
		return s.summary(&all)
	}
	lines := make([]string, len(all.Exports))
	for i := range all.Exports {
		lines[i] = exportLine(&all.Exports[i])
	}
	return strings.Join(lines, "; ")
}

// summary says how many exports there are, how much they do, and what is wrong
// with which.
func (s *Status) summary(all *stats.Server) string {
	parts := []string{count(len(all.Exports), "export"), count(len(all.Links), "link"), s.rate(all)}
	for _, trouble := range []struct {
		what string
		has  func(*stats.Export) bool
	}{
		{"failing", func(e *stats.Export) bool { return e.Failing }},
		{"with a failed flush", func(e *stats.Export) bool { return e.FlushFailed }},
		{"hanging", func(e *stats.Export) bool { return e.Hanging }},
	} {
		var names []string
		for i := range all.Exports {
			if e := &all.Exports[i]; trouble.has(e) {
				names = append(names, e.Name())
			}
		}
		parts = appendNames(parts, "disk", trouble.what, names)
	}
	var down []string
	for i := range all.Links {
		if all.Links[i].Down != "" {
			down = append(down, all.Links[i].Name)
		}
	}
	return strings.Join(appendNames(parts, "link", "down", down), ", ")
}

// rate returns how many requests a second have gone to disks since the last
// summary.
func (s *Status) rate(all *stats.Server) string {
	now, requests := s.now(), uint64(0)
	for i := range all.Exports {
		e := &all.Exports[i]
		requests += e.Reads + e.Writes + e.Flushes
	}
	rate := 0.0
	if took := now.Sub(s.last); !s.last.IsZero() && took > 0 && requests > s.requests {
		rate = float64(requests-s.requests) / took.Seconds()
	}
	s.last, s.requests = now, requests
	return fmt.Sprintf("%.0f requests/s", rate)
}

// appendNames appends what is wrong with the things of these names, if there are
// any.
func appendNames(parts []string, thing, trouble string, names []string) []string {
	if len(names) == 0 {
		return parts
	}
	text := fmt.Sprintf("%s %s: %s", count(len(names), thing), trouble, strings.Join(names[:min(examples, len(names))], " "))
	if len(names) > examples {
		text += " ..."
	}
	return append(parts, text)
}

// count is a number of things in words.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
