// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"strings"

	"vblade/test/lab"
)

// logged ends a target that has nothing undone and compares what it logged.
func (s *site) logged(v *lab.Process, want ...string) {
	s.t.Helper()
	if err := v.Stop(); err != nil {
		s.t.Errorf("after SIGTERM: %v", err)
	}
	s.printed(v, want...)
}

// printed compares what a target printed on standard error.
func (s *site) printed(v *lab.Process, want ...string) {
	s.t.Helper()
	for i := range want {
		want[i] = "vblade: " + want[i]
	}
	if g, w := strings.Join(lines(v), "\n"), strings.Join(want, "\n"); g != w {
		s.t.Errorf("it printed\n%s\nwant\n%s", g, w)
	}
}

// lines returns the usual lines that a target printed on standard error.
func lines(v *lab.Process) []string {
	var got []string
	for line := range strings.Lines(v.Stderr()) {
		if isUsual(line) {
			got = append(got, strings.TrimSuffix(line, "\n"))
		}
	}
	return got
}

// isUsual reports whether a line of a log depends neither on what only root may
// do, nor on the kind of an interface, nor on whether this machine stands still.
func isUsual(line string) bool {
	return !strings.Contains(line, "rmem_max") && !strings.Contains(line, ", slower than by ") &&
		!strings.Contains(line, " dropped, which had waited for more than ")
}
