// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package present

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/result"
)

// Table is a group of results as text.
type Table struct {
	Notes []string // what failed

	title   string
	columns []column
	rows    [][]string
}

// column is a column of a table.
type column struct {
	head string
	left bool // text, not a number
	cell func(row) string
}

// row is what a row of a table is about: a result, or one program of it.
type row struct {
	*result.Result
	program plan.Program
	all     []*result.Result
}

// Tables returns the tables of results, a group each.
func Tables(results []*result.Result) []*Table {
	var all []*Table
	for begin := 0; begin < len(results); {
		end := begin + 1
		for end < len(results) && results[end].Workload.Group == results[begin].Workload.Group {
			end++
		}
		all = append(all, newTable(results[begin:end], results))
		begin = end
	}
	return all
}

// newTable returns the table of a group of all results.
func newTable(group, all []*result.Result) *Table {
	t := &Table{title: string(group[0].Workload.Group), columns: columnsOf(group)}
	for _, r := range group {
		for _, x := range rowsOf(r) {
			x.all = all
			var cells []string
			for _, c := range t.columns {
				cells = append(cells, c.cell(x))
			}
			t.rows = append(t.rows, cells)
		}
		for _, p := range r.Workload.Programs {
			if err := r.Failures[p]; err != nil {
				t.Notes = append(t.Notes, fmt.Sprintf("%s failed at %s: %v", p, r.Workload.Name(), err))
			}
		}
	}
	return t
}

// rowsOf returns the rows of a result: one, or where sizes are told one for each
// program.
func rowsOf(r *result.Result) []row {
	if !r.Workload.Host.Sizes {
		return []row{{Result: r, program: r.Workload.Programs[0]}}
	}
	var rows []row
	for _, p := range r.Workload.Programs {
		rows = append(rows, row{Result: r, program: p})
	}
	return rows
}

// heads returns the heads of the columns.
func (t *Table) heads() []string {
	var all []string
	for _, c := range t.columns {
		all = append(all, c.head)
	}
	return all
}

// Plain writes the table for a terminal.
func (t *Table) Plain() string {
	lines := append([][]string{t.heads()}, t.rows...)
	widths := make([]int, len(t.columns))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%s\n", t.title)
	for _, line := range lines {
		for i, cell := range line {
			if t.columns[i].left {
				fmt.Fprintf(&b, "  %-*s", widths[i], cell)
			} else {
				fmt.Fprintf(&b, "  %*s", widths[i], cell)
			}
		}
		b.WriteString("\n")
	}
	for _, note := range t.Notes {
		fmt.Fprintf(&b, "  %s\n", note)
	}
	return b.String()
}

// markdown writes the table as Markdown.
func (t *Table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n| %s |\n|", t.title, strings.Join(t.heads(), " | "))
	for _, c := range t.columns {
		if c.left {
			b.WriteString("---|")
		} else {
			b.WriteString("---:|")
		}
	}
	b.WriteString("\n")
	for _, line := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
	}
	for _, note := range t.Notes {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	return b.String()
}
