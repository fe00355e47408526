// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package present

import (
	"cmp"
	"slices"

	"vblade/cmd/bench/internal/plan"
)

// label is a program's name at the end of its curve.
type label struct {
	program plan.Program
	y       float64
}

// labelEnds writes the programs' names at the ends of their curves.
func (p panel) labelEnds(d *drawing, points map[plan.Program][]point, height func(float64) float64) {
	var labels []label
	for _, program := range curves {
		if curve := points[program]; len(curve) > 0 {
			labels = append(labels, label{program, height(curve[len(curve)-1].rate)})
		}
	}
	for _, l := range apart(labels) {
		d.text(p.x+panelWidth+4, l.y+4, string(l.program), "start", string(l.program))
	}
}

// apart moves labels that are too close away from each other.
func apart(labels []label) []label {
	const least = 14 // between two baselines
	slices.SortFunc(labels, func(a, b label) int { return cmp.Compare(a.y, b.y) })
	for range labels {
		for i := 1; i < len(labels); i++ {
			if gap := labels[i].y - labels[i-1].y; gap < least {
				labels[i-1].y -= (least - gap) / 2
				labels[i].y += (least - gap) / 2
			}
		}
	}
	return labels
}
