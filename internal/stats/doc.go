// SPDX-License-Identifier: GPL-2.0-only

// Package stats is the counters of a server, its exports and its links, which
// package server counts and package monitor shows (stats.go), the operations
// whose times are counted separately (operation.go), and the histogram of times
// (histogram.go), which the benchmark uses, too.
package stats
