// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"strings"
	"testing"
)

// commands checks what the other scenarios stand on: that a guest's commands
// run beside each other, and that output and exit status come back as they are.
func (s *site) commands(t *testing.T) {
	g := s.guest(t, "tap0", 1500)
	g.run("mkfifo /tmp/door")
	waiting, err := g.start("cat /tmp/door; exit 7")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := g.run("printf 'a\\n\\nb \\000\\377'; echo c >&2"), "a\n\nb \x00\xffc\n"; got != want {
		t.Errorf("the guest printed %q, want %q", got, want)
	}
	if got := len(g.run("seq 100000 199999")); got != 700000 {
		t.Errorf("the guest printed %d bytes, want 700000", got)
	}
	if out := g.refuses("echo no; false"); out != "no\n" {
		t.Errorf("the guest printed %q, want %q", out, "no\n")
	}

	g.run("echo opened > /tmp/door")
	if err := waiting.wait(commandLimit); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(waiting.output); got != "opened" || waiting.status != 7 {
		t.Errorf("the waiting command printed %q and exited %d, want %q and 7", got, waiting.status, "opened")
	}
	g.run("rm /tmp/door")
}
