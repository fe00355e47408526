// SPDX-License-Identifier: GPL-2.0-only

// Package present shows the results of the benchmark: tables (table.go, columns.go)
// for a terminal and for Markdown, the page docs/benchmark.md around them (page.go),
// and its picture (chart.go, svg.go).
package present
