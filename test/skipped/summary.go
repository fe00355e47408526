// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// event is what go test -json tells (go doc test2json).
type event struct {
	Action, Package, Test, Output string
}

// test names a test; that of a package without a name is the package itself.
type test struct{ pkg, name string }

// summary shows the tests of a run, and keeps what was skipped.
type summary struct {
	out     io.Writer
	verbose bool
	said    map[test]string          // of tests that have not ended
	skipped map[string]map[test]bool // by the reason
}

// newSummary returns a summary that prints to out: all that tests say, or that of
// those that fail.
func newSummary(out io.Writer, verbose bool) *summary {
	return &summary{out: out, verbose: verbose, said: map[test]string{}, skipped: map[string]map[test]bool{}}
}

// take takes an event.
func (s *summary) take(e event) {
	t := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		io.WriteString(s.out, e.Output)
	case "output":
		s.output(t, e.Output)
	case "skip":
		s.skip(t)
		delete(s.said, t)
	case "pass":
		delete(s.said, t)
	case "fail":
		s.fail(t)
	}
}

// output takes what a test says; what a package says goes through.
func (s *summary) output(t test, text string) {
	if s.verbose || t.name == "" && text != "PASS\n" {
		io.WriteString(s.out, text)
	}
	if t.name != "" && !strings.HasPrefix(text, "=== ") {
		s.said[t] += text
	}
}

// fail shows what a test has said; of a package, what its tests have said that
// never ended.
func (s *summary) fail(failed test) {
	for t, text := range s.said {
		if t == failed || failed.name == "" && t.pkg == failed.pkg {
			if !s.verbose {
				io.WriteString(s.out, text)
			}
			delete(s.said, t)
		}
	}
}

// where is the place that the testing package puts before what a test says.
var where = regexp.MustCompile(`(?m)^ +\S+\.go:\d+: `)

// skip keeps the reason of a test that was skipped.
func (s *summary) skip(t test) {
	if t.name == "" {
		return // a package without tests
	}
	reason := "for no reason"
	if at := where.FindStringIndex(s.said[t]); at != nil {
		reason, _, _ = strings.Cut(s.said[t][at[1]:], "\n")
	}
	if s.skipped[reason] == nil {
		s.skipped[reason] = map[test]bool{}
	}
	s.skipped[reason][t] = true
}

// print prints what was skipped: a line for the Debian packages to install, and
// one for each other remedy.
func (s *summary) print() {
	if len(s.skipped) == 0 {
		return
	}
	const install = "apt-get install "
	packages := map[string]bool{}
	counts := map[string]int{} // of tests, by the line that says how to have them
	all, installs := 0, 0
	for reason, tests := range s.skipped {
		all += len(tests)
		missing, remedy, ok := strings.Cut(reason, "; ")
		switch {
		case ok && strings.HasPrefix(remedy, install):
			packages[strings.TrimPrefix(remedy, install)] = true
			installs += len(tests)
		case ok:
			counts[remedy+" ("+missing+")"] += len(tests)
		default:
			counts[reason] += len(tests)
		}
	}
	if installs > 0 {
		counts[install+strings.Join(slices.Sorted(maps.Keys(packages)), " ")] = installs
	}
	fmt.Fprintf(s.out, "\n%d tests were skipped. To have them:\n", all)
	for _, line := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(s.out, "%5d  %s\n", counts[line], line)
	}
}
