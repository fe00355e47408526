// SPDX-License-Identifier: GPL-2.0-only

package view

import (
	"strings"
	"unicode/utf8"
)

// column is a column of a table.
type column struct {
	head  string
	right bool // numbers are aligned at the right
	least int  // it may be cut to this width if the table is too wide; 0: it may not be cut
}

// layout returns the lines of a table, the heads first. If they would be longer
// than width, it cuts the columns that may be cut, the widest first.
func layout(columns []column, rows [][]string, width int) []string {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = len(c.head)
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	gap := 2
	if excess(widths, gap, width) > 0 {
		gap = 1
	}
	for excess(widths, gap, width) > 0 {
		widest := -1
		for i, c := range columns {
			if c.least > 0 && widths[i] > c.least && (widest < 0 || widths[i] > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		widths[widest]--
	}
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.head
	}
	lines := []string{line(columns, widths, gap, heads)}
	for _, row := range rows {
		lines = append(lines, line(columns, widths, gap, row))
	}
	return lines
}

// excess returns by how much columns of these widths are too wide together.
func excess(widths []int, gap, width int) int {
	sum := gap * (len(widths) - 1)
	for _, w := range widths {
		sum += w
	}
	return sum - width
}

// line returns a line of a table.
func line(columns []column, widths []int, gap int, cells []string) string {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		cell = cutFront(cell, widths[i])
		space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
		if columns[i].right {
			b.WriteString(space + cell)
		} else {
			b.WriteString(cell + space)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// cutFront cuts a text to n characters at its front: the end of a path says most.
func cutFront(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	const mark = "..."
	return mark[:min(len(mark), n)] + string(runes[len(runes)-max(0, n-len(mark)):])
}

// Cut writes a text that is not trusted in at most n characters.
func Cut(s string, n int) string { return cutEnd(clean(s), n) }

// cutEnd cuts a text to n characters at its end.
func cutEnd(s string, n int) string {
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:max(0, n-3)]) + "..."[:min(3, n)]
}
