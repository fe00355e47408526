// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package present

import (
	"fmt"
	"math"
	"strconv"

	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/result"
)

// The chart has rows of two panels. Those of the page cache share one scale,
// those of the disks another. All values are in pixels.
const (
	chartWidth  = 760.0
	chartHeight = 850.0
	panelWidth  = 270.0
	panelHeight = 175.0
	panelLeft   = 60.0 // of the first panel
	panelTop    = 90.0
	panelStepX  = 365.0 // from panel to panel
	panelStepY  = 255.0
	diskGap     = 25.0 // above the disks' panels, more than between others
)

// curves are the programs that the chart shows, in the order drawn.
var curves = []plan.Program{plan.Fio, plan.C, plan.Ours}

// panel is one diagram of the chart.
type panel struct {
	title         string
	disk          plan.Disk
	flags         string
	random, write bool
	x, y          float64 // its upper left corner
}

// point is a rate, in requests a second, at a depth.
type point struct {
	depth int
	rate  float64
}

// panels returns the panels of the page cache and those of the disks.
func panels() (cache, disks []panel) {
	cache = []panel{
		{title: "sequential read"}, {title: "sequential write", write: true},
		{title: "random read", random: true}, {title: "random write", random: true, write: true},
	}
	disks = []panel{
		{title: "loop device, random read", disk: plan.Loop, flags: "-d", random: true},
		{title: "file on ext4, random read", disk: plan.Ext4, flags: "-d", random: true},
	}
	for i := range cache {
		cache[i].disk = plan.Cached
		cache[i].x, cache[i].y = panelLeft+panelStepX*float64(i%2), panelTop+panelStepY*float64(i/2)
	}
	for i := range disks {
		disks[i].x, disks[i].y = panelLeft+panelStepX*float64(i%2), panelTop+2*panelStepY+diskGap
	}
	return cache, disks
}

// Chart draws the rates over the depths.
func Chart(results []*result.Result) string {
	d := newDrawing(chartWidth, chartHeight, "Requests per second over requests outstanding, ours and the C program's")
	d.text(20, 30, "title", "start", "Requests per second: vblade in Go (ours) and in C")
	d.text(20, 50, "", "start", "1 KiB a request, MTU 1500, from the page cache; medians. More is better.")
	cache, disks := panels()
	drawPanels(d, cache, results)
	d.text(20, disks[0].y-38, "", "start", "Straight to the disk (-d), both CPUs for all; fio on the same file by io_uring is the disk's limit.")
	drawPanels(d, disks, results)
	return d.String()
}

// drawPanels draws panels of one scale.
func drawPanels(d *drawing, panels []panel, results []*result.Result) {
	all := make([]map[plan.Program][]point, len(panels))
	highest := 0.0
	for i, p := range panels {
		all[i] = p.points(results)
		for _, curve := range all[i] {
			for _, x := range curve {
				highest = max(highest, x.rate)
			}
		}
	}
	step := gridStep(highest)
	top := max(step, math.Ceil(highest/step)*step)
	for i, p := range panels {
		p.draw(d, all[i], top, step)
	}
}

// points returns the curve of each program in the panel.
func (p panel) points(results []*result.Result) map[plan.Program][]point {
	found := make(map[plan.Program][]point)
	for _, r := range results {
		w := r.Workload
		if w.Disk != p.disk || w.Flags != p.flags || w.MTU != 1500 || w.Random != p.random || w.Write != p.write || w.Host != (plan.Host{}) {
			continue
		}
		for _, program := range curves {
			if s, ok := r.Summary(program); ok {
				found[program] = append(found[program], point{w.Depth, s.Rate})
			}
		}
	}
	return found
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

// draw draws the panel.
func (p panel) draw(d *drawing, points map[plan.Program][]point, top, step float64) {
	bottom := p.y + panelHeight
	height := func(rate float64) float64 { return bottom - rate/top*panelHeight }
	d.text(p.x, p.y-12, "panel", "start", p.title)
	for rate := 0.0; rate <= top; rate += step {
		class := "grid"
		if rate == 0 {
			class = "axis"
		}
		d.line(p.x, height(rate), p.x+panelWidth, height(rate), class)
		d.text(p.x-8, height(rate)+4, "", "end", thousands(rate))
	}
	for _, depth := range plan.Depths {
		d.line(p.across(depth), bottom, p.across(depth), bottom+4, "axis")
		d.text(p.across(depth), bottom+18, "", "middle", strconv.Itoa(depth))
	}
	d.text(p.x+panelWidth/2, bottom+36, "", "middle", "requests outstanding")
	d.text(p.x-8, p.y-12, "", "end", "req/s")
	for _, program := range curves {
		var line [][2]float64
		for _, c := range points[program] {
			line = append(line, [2]float64{p.across(c.depth), height(c.rate)})
		}
		if len(line) > 0 {
			d.curve(line, string(program))
		}
	}
	p.labelEnds(d, points, height)
}

// across returns the position of a depth on the panel's axis, which is
// logarithmic.
func (p panel) across(depth int) float64 {
	const margin = 15
	last := plan.Depths[len(plan.Depths)-1]
	return p.x + margin + math.Log2(float64(depth))/math.Log2(float64(last))*(panelWidth-2*margin)
}

// thousands writes a rate.
func thousands(rate float64) string {
	if rate == 0 {
		return "0"
	}
	return fmt.Sprintf("%gk", rate/1000)
}
