// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package present

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/result"
)

// columnsOf returns the columns of a group's table.
func columnsOf(group []*result.Result) []column {
	programs := programsOf(group)
	w := group[0].Workload
	switch {
	case w.Host.Sizes:
		return sizeColumns()
	case w.Disk == plan.None:
		return echoColumns()
	case w.Disk == plan.Bare:
		return []column{loadColumn(), depthColumn("threads"), rateColumn(plan.Threads, ""), spreadColumn(programs)}
	}
	all := []column{loadColumn(), depthColumn("depth")}
	for _, p := range programs {
		all = append(all, rateColumn(p, p))
	}
	all = append(all, ratioColumn(plan.Rate))
	if slices.Contains(programs, plan.Fio) {
		all = append(all, ratioColumn(plan.OfFio))
	}
	targets := slices.DeleteFunc(slices.Clone(programs), func(p plan.Program) bool { return p == plan.Fio })
	all = append(all, durationColumns(targets, "CPU µs", plan.CPU, func(s result.Summary) time.Duration { return s.CPU })...)
	all = append(all, durationColumns(targets, "p50 µs", plan.P50, func(s result.Summary) time.Duration { return s.P50 })...)
	all = append(all, durationColumns(targets, "p99 µs", plan.P99, func(s result.Summary) time.Duration { return s.P99 })...)
	if w.Host.Hangs {
		all = append(all, valueColumn(plan.Query, 1))
	}
	return append(all, lostColumn(targets), spreadColumn(targets), goalsColumn())
}

// programsOf returns the programs of a group's workloads.
func programsOf(group []*result.Result) []plan.Program {
	var all []plan.Program
	for _, r := range group {
		for _, p := range r.Workload.Programs {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
	}
	return all
}

// loadColumn tells the load.
func loadColumn() column {
	return column{"load", true, func(r row) string { return r.Workload.Title() }}
}

// depthColumn tells the requests outstanding.
func depthColumn(head string) column {
	return column{head, false, func(r row) string { return strconv.Itoa(r.Workload.Depth) }}
}

// rateColumn tells the rate of a program, under its name or none.
func rateColumn(p, name plan.Program) column {
	return column{strings.TrimSpace(string(name) + " req/s"), false, func(r row) string {
		s, ok := r.Summary(p)
		return number(ok, s.Rate, 0)
	}}
}

// ratioColumn tells a ratio.
func ratioColumn(m plan.Metric) column { return valueColumn(m, 2) }

// valueColumn tells a metric.
func valueColumn(m plan.Metric, decimals int) column {
	return column{string(m), false, func(r row) string {
		v, ok := r.Values()[m]
		return number(ok, v, decimals)
	}}
}

// durationColumns tell a duration of each program, and their ratio.
func durationColumns(programs []plan.Program, unit string, m plan.Metric, of func(result.Summary) time.Duration) []column {
	var all []column
	for _, p := range programs {
		all = append(all, column{string(p) + " " + unit, false, func(r row) string {
			s, ok := r.Summary(p)
			return duration(ok, of(s))
		}})
	}
	return append(all, ratioColumn(m))
}

// lostColumn tells the frames that each program lost.
func lostColumn(programs []plan.Program) column {
	return perProgram("lost", programs, func(s result.Summary) float64 { return float64(s.Lost) })
}

// spreadColumn tells how far apart the rates of each program are.
func spreadColumn(programs []plan.Program) column {
	return perProgram("spread %", programs, func(s result.Summary) float64 { return s.Spread * 100 })
}

// perProgram tells a number of each program in one column.
func perProgram(head string, programs []plan.Program, of func(result.Summary) float64) column {
	if len(programs) > 1 {
		var names []string
		for _, p := range programs {
			names = append(names, string(p))
		}
		head += " " + strings.Join(names, "/")
	}
	return column{head, false, func(r row) string {
		var cells []string
		for _, p := range programs {
			s, ok := r.Summary(p)
			cells = append(cells, number(ok, of(s), 0))
		}
		return strings.Join(cells, "/")
	}}
}

// goalsColumn tells how a result stands to its goals.
func goalsColumn() column {
	return column{"goals", true, func(r row) string {
		var words []string
		for _, v := range r.Verdicts() {
			words = append(words, v.String())
		}
		return strings.Join(words, ", ")
	}}
}

// echoColumns tell the results of the echo, and which part of its rate we reach
// with a disk in the page cache and sequential requests.
func echoColumns() []column {
	of := func(head string, get func(result.Summary) time.Duration) column {
		return column{head, false, func(r row) string {
			s, ok := r.Summary(plan.Echo)
			return duration(ok, get(s))
		}}
	}
	return []column{
		{"load", true, func(r row) string { return strings.TrimPrefix(r.Workload.Pattern(), "sequential ") }},
		{"MTU", false, func(r row) string { return strconv.Itoa(r.Workload.MTU) }},
		depthColumn("depth"),
		rateColumn(plan.Echo, ""),
		of("CPU µs", func(s result.Summary) time.Duration { return s.CPU }),
		of("p50 µs", func(s result.Summary) time.Duration { return s.P50 }),
		of("p99 µs", func(s result.Summary) time.Duration { return s.P99 }),
		lostColumn([]plan.Program{plan.Echo}),
		spreadColumn([]plan.Program{plan.Echo}),
		{"of it we reach %", false, reached},
	}
}

// reached returns which part of the echo's rate we reach.
func reached(r row) string {
	echo, ok := r.Summary(plan.Echo)
	w := r.Workload
	for _, x := range r.all {
		y := x.Workload
		s, has := x.Summary(plan.Ours)
		if has && y.Disk == plan.Cached && y.Host == (plan.Host{}) && !y.Random && y.MTU == w.MTU && y.Write == w.Write && y.Depth == w.Depth {
			return number(ok, s.Rate/echo.Rate*100, 0)
		}
	}
	return "-"
}

// sizeColumns tell the memory and start of a program's exports, in a row for each
// program.
func sizeColumns() []column {
	of := func(head string, decimals int, get func(result.Summary) float64) column {
		return column{head, false, func(r row) string {
			s, ok := r.Summary(r.program)
			return number(ok, get(s), decimals)
		}}
	}
	goals := goalsColumn()
	return []column{
		loadColumn(),
		{"program", true, func(r row) string { return string(r.program) }},
		of("PSS MiB", 1, func(s result.Summary) float64 { return result.MiB(s.PSS) }),
		of("threads", 0, func(s result.Summary) float64 { return float64(s.Threads) }),
		of("start s", 2, func(s result.Summary) float64 { return s.Start.Seconds() }),
		of("answers", 0, func(s result.Summary) float64 { return float64(s.Answers) }),
		{goals.head, true, func(r row) string {
			if _, subject := r.Workload.Compared(); r.program != subject {
				return ""
			}
			return goals.cell(r)
		}},
	}
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
	return number(ok, float64(d)/float64(time.Microsecond), decimals)
}
