// SPDX-License-Identifier: GPL-2.0-only

// Package result holds what was measured of each workload, and what it comes to:
// medians (stats.go), ratios, and how they stand to the goals (result.go). It
// measures nothing and prints nothing.
package result
