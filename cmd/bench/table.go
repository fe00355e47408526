// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// table is a group of results as text.
type table struct {
	title string
	head  []string
	rows  [][]string
	text  int // columns from the left that are text; numbers follow
	notes []string
}

// tables returns the tables of results, a group each.
func tables(results []*result) []*table {
	var all []*table
	for _, r := range results {
		if len(all) == 0 || all[len(all)-1].title != r.workload.group {
			all = append(all, &table{title: r.workload.group, head: head(r.workload), text: 1})
		}
		t := all[len(all)-1]
		t.rows = append(t.rows, row(r, results))
		for _, p := range r.workload.programs() {
			if err := r.failures[p]; err != nil {
				t.notes = append(t.notes, fmt.Sprintf("%s failed at %s: %v", p, r.workload.name(), err))
			}
		}
	}
	return all
}

// head returns the heads of the columns of a workload's group.
func head(w workload) []string {
	switch w.disk {
	case noDisk:
		return []string{"load", "MTU", "depth", "requests/s", "CPU µs", "p50 µs", "p99 µs", "lost", "spread %", "of it we reach %"}
	case bareDisk:
		return []string{"load", "threads", "requests/s", "spread %"}
	}
	head := []string{"load", "depth", "C req/s", "ours req/s", "rate", "C CPU µs", "ours CPU µs", "CPU",
		"C p50 µs", "ours p50 µs", "p50", "C p99 µs", "ours p99 µs", "lost C/ours", "spread % C/ours"}
	if w.group == groupExt {
		head = append(head, "fio req/s", "of fio")
	}
	return append(head, "goals")
}

// row returns the row of a result.
func row(r *result, all []*result) []string {
	w := r.workload
	switch w.disk {
	case noDisk:
		return echoRow(r, all)
	case bareDisk:
		s, ok := r.summary(alone)
		return []string{w.pattern(), strconv.Itoa(w.depth), number(ok, s.rate, 0), number(ok, s.spread*100, 0)}
	}
	load := w.pattern()
	if w.flags != "" {
		load += " " + w.flags
	}
	c, okC := r.summary(theirs)
	o, okO := r.summary(ours)
	fio, okFio := r.summary(limit)
	ratios := r.values()
	both := ratios != nil
	cells := []string{load, strconv.Itoa(w.depth),
		number(okC, c.rate, 0), number(okO, o.rate, 0), number(both, ratios[rateRatio], 2),
		duration(okC, c.cpu), duration(okO, o.cpu), number(both, ratios[cpuRatio], 2),
		duration(okC, c.p50), duration(okO, o.p50), number(both, ratios[p50Ratio], 2),
		duration(okC, c.p99), duration(okO, o.p99),
		number(okC, float64(c.lost), 0) + "/" + number(okO, float64(o.lost), 0),
		number(okC, c.spread*100, 0) + "/" + number(okO, o.spread*100, 0),
	}
	if w.group == groupExt {
		cells = append(cells, number(okFio, fio.rate, 0), number(okFio && both, ratios[fioRatio], 2))
	}
	return append(cells, goalCell(r))
}

// echoRow returns the row of a result of the echo, with the part of its rate
// that we reach with a disk in the page cache and sequential requests.
func echoRow(r *result, all []*result) []string {
	w := r.workload
	s, ok := r.summary(floor)
	part := "-"
	for _, x := range all {
		y := x.workload
		if o, has := x.summary(ours); has && y.disk == cachedDisk && !y.random && y.mtu == w.mtu && y.write == w.write && y.depth == w.depth {
			part = number(ok, o.rate/s.rate*100, 0)
		}
	}
	return []string{strings.TrimPrefix(w.pattern(), "sequential "), strconv.Itoa(w.mtu), strconv.Itoa(w.depth),
		number(ok, s.rate, 0), duration(ok, s.cpu), duration(ok, s.p50), duration(ok, s.p99),
		number(ok, float64(s.lost), 0), number(ok, s.spread*100, 0), part}
}

// goalCell returns how a result stands to its goals.
func goalCell(r *result) string {
	var words []string
	for _, v := range r.verdicts() {
		words = append(words, v.String())
	}
	return strings.Join(words, ", ")
}

// number writes a number that may be missing.
func number(ok bool, v float64, decimals int) string {
	if !ok {
		return "-"
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// duration writes a duration that may be missing, in microseconds, with three
// digits or more.
func duration(ok bool, d time.Duration) string {
	decimals := 2
	for limit := 10 * time.Microsecond; d >= limit && decimals > 0; limit *= 10 {
		decimals--
	}
	return number(ok, micros(d), decimals)
}

// plain writes the table for a terminal.
func (t *table) plain() string {
	widths := make([]int, len(t.head))
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", t.title)
	for _, row := range append([][]string{t.head}, t.rows...) {
		for i, cell := range row {
			if i < t.text || t.head[i] == "goals" {
				fmt.Fprintf(&b, "  %-*s", widths[i], cell)
			} else {
				fmt.Fprintf(&b, "  %*s", widths[i], cell)
			}
		}
		b.WriteString("\n")
	}
	for _, note := range t.notes {
		fmt.Fprintf(&b, "  %s\n", note)
	}
	return b.String()
}
