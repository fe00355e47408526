// SPDX-License-Identifier: GPL-2.0-only

package systemd

import (
	"os/exec"
	"strings"
	"testing"
	"testing/quick"

	"vblade/test/lab"
)

// escaping are texts, and what they are in the name of a unit.
var escaping = []struct{ text, name, path string }{
	{"mail", "mail", "mail"},
	{"a-b c", `a\x2db\x20c`, `a\x2db\x20c`},
	{".hidden", `\x2ehidden`, `\x2ehidden`},
	{"a.b:c_d\\e", `a.b:c_d\x5ce`, `a.b:c_d\x5ce`},
	{"grün", `gr\xc3\xbcn`, `gr\xc3\xbcn`},
	{"/", "-", "-"},
	{"/sys/subsystem/net/devices/eth0.5", "-sys-subsystem-net-devices-eth0.5", "sys-subsystem-net-devices-eth0.5"},
	{"//a//./b/", "--a--.-b-", "a-b"},
}

// TestEscape compares names with those of the table.
func TestEscape(t *testing.T) {
	for _, c := range escaping {
		if got := Escape(c.text); got != c.name {
			t.Errorf("%q is %s, want %s", c.text, got, c.name)
		}
		if got := EscapePath(c.text); got != c.path {
			t.Errorf("as a path %q is %s, want %s", c.text, got, c.path)
		}
	}
}

// TestEscapeAsSystemd compares names with those that systemd makes.
func TestEscapeAsSystemd(t *testing.T) {
	program := lab.Need(t, "systemd-escape", "systemd")
	ask := func(args ...string) string {
		out, err := exec.Command(program, args...).Output()
		if err != nil {
			t.Fatalf("systemd-escape %q: %v", args, err)
		}
		return strings.TrimSuffix(string(out), "\n")
	}
	for _, c := range escaping {
		if got := ask("--", c.text); got != c.name {
			t.Errorf("systemd makes %s of %q, and the table has %s", got, c.text, c.name)
		}
		if got := ask("--path", "--", c.text); strings.HasPrefix(c.text, "/") && got != c.path {
			t.Errorf("systemd makes %s of the path %q, and the table has %s", got, c.text, c.path)
		}
	}
	same := func(b []byte) bool {
		text := strings.ReplaceAll("x"+string(b), "\x00", "")
		return Escape(text) == ask("--", text)
	}
	if err := quick.Check(same, &quick.Config{MaxCount: 30}); err != nil {
		t.Error(err)
	}
}
