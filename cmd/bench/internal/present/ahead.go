// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package present

import (
	"fmt"
	"math"
	"strings"

	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/result"
)

// ahead tells in which loads the C program has the higher rate, with ours as a ratio
// to it, and in how many it takes less CPU time for a request.
func ahead(results []*result.Result) string {
	var slower []string
	compared, dearer := 0, 0
	for _, r := range results {
		w := r.Workload
		base, subject := w.Compared()
		values := r.Values()
		rate, ok := values[plan.Rate]
		if base != plan.C || subject != plan.Ours || !ok {
			continue
		}
		compared++
		if shown(rate) < 1 {
			slower = append(slower, fmt.Sprintf("%s: %s, %d outstanding (%.2f)", w.Group, w.Pattern(), w.Depth, rate))
		}
		if shown(values[plan.CPU]) > 1 {
			dearer++
		}
	}
	which := ""
	if len(slower) > 0 {
		which = " (ours in brackets): " + strings.Join(slower, "; ")
	}
	return fmt.Sprintf("Of %d loads on one export, C has the higher rate in %d%s. It takes less CPU time a request in %d.\n\n",
		compared, len(slower), which, dearer)
}

// shown is a ratio as precise as the tables show it.
func shown(ratio float64) float64 { return math.Round(ratio*100) / 100 }
