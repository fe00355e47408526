// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"os"
	"testing"
)

// Skip skips a test because something is missing, and says what, and what to
// type. If CI is set (continuous integration) the test fails instead, because a
// test that did not run must not pass there.
func Skip(t testing.TB, missing, remedy string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("missing: %s; %s", missing, remedy)
	}
	t.Skipf("missing: %s; %s", missing, remedy)
}
