// SPDX-License-Identifier: GPL-2.0-only

// Package stats is what is counted of a server, its exports and its links: the
// figures that package server counts and package monitor shows (stats.go), the
// operations whose times are counted apart (operation.go), and the histogram of
// times (histogram.go), which the benchmark uses, too.
package stats
