// SPDX-License-Identifier: GPL-2.0-only

// Package stats is what is counted of a server, its exports and its links: the
// figures that package server counts and package monitor shows (stats.go), and
// the histogram of service times (histogram.go).
package stats
