// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import "fmt"

// metric is a quantity that a goal bounds.
type metric string

// The metrics; the first three are ratios, ours to the C program's.
const (
	rateRatio metric = "rate"
	cpuRatio  metric = "CPU"
	p50Ratio  metric = "p50"
	lostCount metric = "lost frames"
	fioRatio  metric = "of fio" // our rate to fio's
)

// goal is a bound that our result should keep.
type goal struct {
	metric  metric
	atLeast bool
	bound   float64
}

// atLeast is the goal of a metric that should be large.
func atLeast(m metric, bound float64) goal { return goal{m, true, bound} }

// atMost is the goal of a metric that should be small.
func atMost(m metric, bound float64) goal { return goal{m, false, bound} }

// String writes the goal.
func (g goal) String() string {
	sign := "≤"
	if g.atLeast {
		sign = "≥"
	}
	return fmt.Sprintf("%s %s %g", g.metric, sign, g.bound)
}

// met tells whether a value keeps the bound.
func (g goal) met(value float64) bool {
	if g.atLeast {
		return value >= g.bound
	}
	return value <= g.bound
}

// maxPeak is the goal of our memory, in bytes.
const maxPeak = 24 << 20

// goalsOf returns the goals of a workload, none for most.
func goalsOf(w workload) []goal {
	switch w.disk {
	case cachedDisk:
		return cacheGoals(w)
	case slowDisk:
		if w.depth == 16 {
			return []goal{atLeast(rateRatio, 12)}
		}
		return []goal{atMost(lostCount, 0)}
	case syncedDisk:
		return []goal{atLeast(rateRatio, 4)}
	}
	for _, g := range diskGoals {
		if g.disk == w.disk && g.flags == w.flags && g.depth == w.depth && (g.disk != extDisk || g.write == w.write || w.depth == 1) {
			return g.goals
		}
	}
	return nil
}

// diskGoals are the goals of disks at their own speed.
var diskGoals = []struct {
	disk  disk
	flags string
	write bool
	depth int
	goals []goal
}{
	{loopDisk, "-d", false, 1, []goal{atLeast(rateRatio, 1), atMost(cpuRatio, 1.1), atMost(p50Ratio, 1)}},
	{loopDisk, "-d", false, 4, []goal{atLeast(rateRatio, 2.2), atMost(cpuRatio, 0.55)}},
	{loopDisk, "-d", false, 16, []goal{atLeast(rateRatio, 7), atMost(cpuRatio, 0.25)}},
	{loopDisk, "-d", false, 64, []goal{atLeast(rateRatio, 9.5), atMost(cpuRatio, 0.18)}},
	{extDisk, "-d", false, 1, []goal{atLeast(rateRatio, 1), atMost(cpuRatio, 1.1)}},
	{extDisk, "-d", false, 16, []goal{atLeast(fioRatio, 0.9), atMost(cpuRatio, 0.25)}},
	{extDisk, "-d", false, 64, []goal{atLeast(fioRatio, 0.9), atMost(cpuRatio, 0.25)}},
	{extDisk, "-s", true, 1, []goal{atLeast(rateRatio, 1), atMost(cpuRatio, 1.15)}},
	{extDisk, "-s", true, 16, []goal{atLeast(rateRatio, 2), atMost(cpuRatio, 1.1)}},
	{extDisk, "-s", true, 64, []goal{atLeast(rateRatio, 2.5), atMost(cpuRatio, 1.1)}},
	{coldDisk, "", false, 1, []goal{atLeast(rateRatio, 1), atMost(cpuRatio, 1.15)}},
	{coldDisk, "", false, 64, []goal{atLeast(rateRatio, 4.5), atMost(cpuRatio, 0.3)}},
	{fuseDisk, "", false, 1, []goal{atLeast(rateRatio, 0.99), atMost(cpuRatio, 1.3)}},
	{fuseDisk, "", false, 16, []goal{atLeast(rateRatio, 11.4), atMost(cpuRatio, 1)}},
	{fuseDisk, "", false, 64, []goal{atLeast(rateRatio, 36), atMost(cpuRatio, 1)}},
}

// cacheGoals returns the goals of a workload of the page cache.
func cacheGoals(w workload) []goal {
	var goals []goal
	switch {
	case w.depth == 1:
		goals = []goal{atMost(p50Ratio, 0.7), atMost(cpuRatio, 1.3)}
	case w.mtu == 9000 && w.depth == 64:
		goals = []goal{atLeast(rateRatio, 1.3)}
	case w.mtu == 1500 && !w.random && w.depth >= 16:
		goals = []goal{atLeast(rateRatio, 1.5), atMost(cpuRatio, 0.65)}
	case w.mtu == 1500 && w.random && w.depth == 64:
		goals = []goal{atLeast(rateRatio, 1.3), atMost(cpuRatio, 0.8)}
	}
	if w.depth == 64 {
		goals = append(goals, atMost(lostCount, 0))
	}
	return goals
}
