// SPDX-License-Identifier: GPL-2.0-only

package plan

import (
	"path"
	"testing"
)

// TestNames wants names that -only can tell apart.
func TestNames(t *testing.T) {
	seen := make(map[string]bool)
	for _, w := range Workloads() {
		if seen[w.Name()] {
			t.Errorf("two workloads are called %s", w.Name())
		}
		seen[w.Name()] = true
	}
}

// TestGoals wants a workload for every goal, and no workload with two rows of
// goals.
func TestGoals(t *testing.T) {
	found := make(map[string]int)
	for _, w := range Workloads() {
		rows := 0
		for _, g := range goals {
			if ok, err := path.Match(g.pattern, w.Name()); err != nil {
				t.Fatal(err)
			} else if ok {
				rows++
				found[g.pattern]++
			}
		}
		if rows > 1 {
			t.Errorf("%s has %d rows of goals", w.Name(), rows)
		}
	}
	for _, g := range goals {
		if found[g.pattern] == 0 {
			t.Errorf("no workload has the goals of %q", g.pattern)
		}
	}
}

// TestCompared wants both programs that are compared among those that run.
func TestCompared(t *testing.T) {
	for _, w := range Workloads() {
		base, subject := w.Compared()
		if len(w.Goals) > 0 && !w.Host.Sizes && !(w.has(base) && w.has(subject)) {
			t.Errorf("%s compares %s and %s, which do not run", w.Name(), base, subject)
		}
	}
}
