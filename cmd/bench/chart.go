// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"fmt"
	"math"
	"strconv"
)

// The chart: four panels of the same scale, two by two. All in pixels.
const (
	chartWidth  = 760.0
	chartHeight = 575.0
	panelWidth  = 270.0
	panelHeight = 175.0
	panelLeft   = 60.0 // of the first panel
	panelTop    = 90.0
	panelStepX  = 365.0 // from panel to panel
	panelStepY  = 255.0
)

// panels are the loads that the chart shows, from the page cache at MTU 1500.
var panels = []struct{ random, write bool }{{false, false}, {false, true}, {true, false}, {true, true}}

// point is a rate, in requests a second, at a depth.
type point struct {
	depth int
	rate  float64
}

// chart draws the rates over the depths.
func chart(results []*result) string {
	curves := make([]map[program][]point, len(panels))
	highest := 0.0
	for i, p := range panels {
		curves[i] = points(results, p.random, p.write)
		for _, curve := range curves[i] {
			for _, x := range curve {
				highest = max(highest, x.rate)
			}
		}
	}
	step := gridStep(highest)
	top := max(step, math.Ceil(highest/step)*step)
	d := newDrawing(chartWidth, chartHeight, "Requests per second over requests outstanding, ours and the C program's")
	d.text(20, 30, "title", "start", "Requests per second: vblade in Go (ours) and in C")
	d.text(20, 50, "", "start", "1 KiB a request, MTU 1500, from the page cache; medians. More is better.")
	for i, p := range panels {
		x, y := panelLeft+panelStepX*float64(i%2), panelTop+panelStepY*float64(i/2)
		drawPanel(d, x, y, workload{random: p.random, write: p.write}.pattern(), curves[i], top, step)
	}
	return d.String()
}

// points returns the curve of each program in a panel.
func points(results []*result, random, write bool) map[program][]point {
	curves := make(map[program][]point)
	for _, r := range results {
		w := r.workload
		if w.disk != cachedDisk || w.mtu != 1500 || w.random != random || w.write != write {
			continue
		}
		for _, p := range []program{theirs, ours} {
			if s, ok := r.summary(p); ok {
				curves[p] = append(curves[p], point{w.depth, s.rate})
			}
		}
	}
	return curves
}

// gridStep returns a round distance for about six grid lines up to highest.
func gridStep(highest float64) float64 {
	raw := max(highest, 1) / 6
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, factor := range []float64{1, 2, 5} {
		if raw <= factor*power {
			return factor * power
		}
	}
	return 10 * power
}

// drawPanel draws one panel with its upper left corner at x, y.
func drawPanel(d *drawing, x, y float64, title string, curves map[program][]point, top, step float64) {
	bottom := y + panelHeight
	height := func(rate float64) float64 { return bottom - rate/top*panelHeight }
	d.text(x, y-12, "panel", "start", title)
	for rate := 0.0; rate <= top; rate += step {
		class := "grid"
		if rate == 0 {
			class = "axis"
		}
		d.line(x, height(rate), x+panelWidth, height(rate), class)
		d.text(x-8, height(rate)+4, "", "end", thousands(rate))
	}
	for _, depth := range depths {
		d.line(across(x, depth), bottom, across(x, depth), bottom+4, "axis")
		d.text(across(x, depth), bottom+18, "", "middle", strconv.Itoa(depth))
	}
	d.text(x+panelWidth/2, bottom+36, "", "middle", "requests outstanding")
	d.text(x-8, y-12, "", "end", "req/s")
	for _, p := range []program{theirs, ours} {
		var line [][2]float64
		for _, c := range curves[p] {
			line = append(line, [2]float64{across(x, c.depth), height(c.rate)})
		}
		d.curve(line, string(p))
	}
	labelEnds(d, x, curves, height)
}

// across returns where a depth stands on the axis of a panel at x: as far from
// one to its fourfold everywhere.
func across(x float64, depth int) float64 {
	const margin = 15
	last := depths[len(depths)-1]
	return x + margin + math.Log2(float64(depth))/math.Log2(float64(last))*(panelWidth-2*margin)
}

// labelEnds writes the programs' names at the ends of their curves, apart from
// each other.
func labelEnds(d *drawing, x float64, curves map[program][]point, height func(float64) float64) {
	const least = 14 // between two baselines
	last := func(p program) (float64, bool) {
		if len(curves[p]) == 0 {
			return 0, false
		}
		return height(curves[p][len(curves[p])-1].rate), true
	}
	c, okC := last(theirs)
	o, okO := last(ours)
	if gap := c - o; okC && okO && math.Abs(gap) < least {
		shift := (least - math.Abs(gap)) / 2
		if gap < 0 {
			shift = -shift
		}
		c, o = c+shift, o-shift
	}
	if okC {
		d.text(x+panelWidth+4, c+4, string(theirs), "start", string(theirs))
	}
	if okO {
		d.text(x+panelWidth+4, o+4, string(ours), "start", string(ours))
	}
}

// thousands writes a rate.
func thousands(rate float64) string {
	if rate == 0 {
		return "0"
	}
	return fmt.Sprintf("%gk", rate/1000)
}
