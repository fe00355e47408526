// SPDX-License-Identifier: GPL-2.0-only

package plan

import (
	"fmt"
	"path"
)

// Metric is a quantity that a goal bounds.
type Metric string

// The metrics. Ratios are those of the second program compared to the first.
const (
	Rate       Metric = "rate"
	CPU        Metric = "CPU"
	P50        Metric = "p50"
	P99        Metric = "p99"
	Lost       Metric = "lost frames"
	OfFio      Metric = "of fio"     // the rate to fio's
	Query      Metric = "query ms"   // the longest wait for the answer to a config query
	Memory     Metric = "MiB"        // of all processes; shared pages count in parts
	LinkMemory Metric = "MiB a link" // what the second link takes
	Start      Metric = "start s"    // from the first process or export to the last one served
	Answers    Metric = "answers"    // to a broadcast config query
)

// Goal is a limit that a result should keep.
type Goal struct {
	Metric Metric
	Least  bool // the value should be at least Bound, not at most
	Bound  float64
}

// least is the goal of a metric that should be large.
func least(m Metric, bound float64) Goal { return Goal{m, true, bound} }

// most is the goal of a metric that should be small.
func most(m Metric, bound float64) Goal { return Goal{m, false, bound} }

// String writes the goal.
func (g Goal) String() string {
	sign := "≤"
	if g.Least {
		sign = "≥"
	}
	return fmt.Sprintf("%s %s %g", g.Metric, sign, g.Bound)
}

// Met reports whether a value keeps the bound.
func (g Goal) Met(value float64) bool {
	if g.Least {
		return value >= g.Bound
	}
	return value <= g.Bound
}

// MaxPeak is the goal for our resident memory with one export, in bytes.
const MaxPeak = 24 << 20

// goals are the goals of the workloads whose names match a pattern of path.Match.
// No workload matches two.
var goals = []struct {
	pattern string
	goals   []Goal
}{
	{"cache/*/*/1", []Goal{most(P50, 0.7), most(CPU, 1.3)}},
	{"cache/1500/sequential */16", []Goal{least(Rate, 1.5), most(CPU, 0.65)}},
	{"cache/1500/sequential */64", []Goal{least(Rate, 1.5), most(CPU, 0.65), most(Lost, 0)}},
	{"cache/1500/random */64", []Goal{least(Rate, 1.3), most(CPU, 0.8), most(Lost, 0)}},
	{"cache/9000/*/64", []Goal{least(Rate, 1.3), most(Lost, 0)}},
	{"slow*/1500/*/16", []Goal{least(Rate, 12)}},
	{"slow*/1500/*/64", []Goal{most(Lost, 0)}},
	{"sync-s/1500/sequential write/16", []Goal{least(Rate, 4)}},

	{"loop-d/1500/random */1", []Goal{least(Rate, 1), most(CPU, 1.1), most(P50, 1)}},
	{"loop-d/1500/random */4", []Goal{least(Rate, 2.2), most(CPU, 0.55)}},
	{"loop-d/1500/random */16", []Goal{least(Rate, 7), most(CPU, 0.25)}},
	{"loop-d/1500/random */64", []Goal{least(Rate, 9.5), most(CPU, 0.18)}},
	{"ext4-d/1500/random */1", []Goal{least(Rate, 1), most(CPU, 1.1)}},
	{"ext4-d/1500/random read/16", []Goal{least(OfFio, 0.9), most(CPU, 0.25)}},
	{"ext4-d/1500/random read/64", []Goal{least(OfFio, 0.9), most(CPU, 0.25)}},
	{"ext4-s/1500/random write/1", []Goal{least(Rate, 1), most(CPU, 1.15)}},
	{"ext4-s/1500/random write/16", []Goal{least(Rate, 2), most(CPU, 1.1)}},
	{"ext4-s/1500/random write/64", []Goal{least(Rate, 2.5), most(CPU, 1.1)}},
	{"cold/1500/random read/1", []Goal{least(Rate, 1), most(CPU, 1.15)}},
	{"cold/1500/random read/64", []Goal{least(Rate, 4.5), most(CPU, 0.3)}},
	{"fuse/1500/random read/1", []Goal{least(Rate, 0.99), most(CPU, 1.3)}},
	{"fuse/1500/random read/16", []Goal{least(Rate, 11.4), most(CPU, 1)}},
	{"fuse/1500/random read/64", []Goal{least(Rate, 36), most(CPU, 1)}},

	{"one of 50/*/*/*", []Goal{least(Rate, 0.9), most(CPU, 1.15)}},
	{"one of 1000/*/*/*", []Goal{least(Rate, 0.9), most(CPU, 1.15)}},
	{"two links/*/*/*", []Goal{least(Rate, 0.95)}},
	{"one of 20 hangs/*/*/*", []Goal{least(Rate, 0.9), most(P99, 1.11), most(Query, 20)}},
	{"1 export", []Goal{most(Memory, 24)}},
	{"1 export on 2 links", []Goal{most(LinkMemory, 10)}},
	{"1000 exports", []Goal{most(Memory, 96), most(Start, 30), least(Answers, 1000)}},
}

// goalsOf returns the goals of the workload of a name, which may have none.
func goalsOf(name string) []Goal {
	for _, g := range goals {
		if ok, err := path.Match(g.pattern, name); ok && err == nil {
			return g.goals
		}
	}
	return nil
}
