// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vblade/test/lab"
)

// TestManPages has mandoc read the man pages.
func TestManPages(t *testing.T) {
	mandoc := lab.Need(t, "mandoc", "mandoc")
	pages, err := filepath.Glob(filepath.Join(source, "man/*.[0-9]"))
	if err != nil || len(pages) != 3 {
		t.Fatalf("%d man pages, %v", len(pages), err)
	}
	out, err := exec.Command(mandoc, append([]string{"-T", "lint", "-W", "warning"}, pages...)...).Output()
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// commandNames matches the commands in what vblade --help prints.
var commandNames = regexp.MustCompile(`(?m)^  vblade (\w+) `)

// optionNames matches the options there.
var optionNames = regexp.MustCompile(`(?m)^ +(?:-(\w), )?--([\w-]+)`)

// TestOptionsAreDocumented checks that the man page and the completion know
// each command and option of vblade --help.
func TestOptionsAreDocumented(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(source, "man/vblade.8"))
	if err != nil {
		t.Fatal(err)
	}
	checkOptions(t, page)
	commands := commandNames.FindAllStringSubmatch(run(t, program, "--help"), -1)
	if len(commands) < 5 {
		t.Fatalf("--help lists %d commands", len(commands))
	}
	known := offers(t, "vblade", "")
	for _, c := range commands {
		if !regexp.MustCompile(`(?m)^\.It Cm ` + c[1] + `$`).Match(page) {
			t.Errorf("the man page does not describe %s", c[1])
		}
		if !strings.Contains(" "+known+" ", " "+c[1]+" ") {
			t.Errorf("the completion does not know %s: %s", c[1], known)
		}
		checkOptions(t, page, c[1])
	}
}

// checkOptions checks that the man page and the completion know each option of a
// command, or without one of an export, and the completion no others.
func checkOptions(t *testing.T, page []byte, command ...string) {
	t.Helper()
	options := optionNames.FindAllStringSubmatch(run(t, program, append(command, "--help")...), -1)
	if len(options) < 1 {
		t.Fatalf("%s --help lists %d options", command, len(options))
	}
	words := append([]string{"vblade"}, command...)
	long := offers(t, append(words, "--")...)
	for _, o := range options {
		if o[1] != "" && !regexp.MustCompile(`(?m)^\.It Fl `+o[1]+`\b`).Match(page) {
			t.Errorf("the man page does not describe -%s", o[1])
		}
		if !regexp.MustCompile(`(?m)^\.It .*Fl -` + o[2] + `\b`).Match(page) {
			t.Errorf("the man page does not describe --%s", o[2])
		}
		if !strings.Contains(" "+long+" ", " --"+o[2]+" ") {
			t.Errorf("%s: the completion does not know --%s: %s", words, o[2], long)
		}
	}
	if n := len(strings.Fields(long)); n != len(options) {
		t.Errorf("%s: the completion knows %d options of %d: %s", words, n, len(options), long)
	}
}

// offers returns what bash offers to complete the last of some words with.
func offers(t *testing.T, words ...string) string {
	t.Helper()
	script := `source "$0"; compopt() { :; }; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vblade; echo "${COMPREPLY[*]}"`
	args := append([]string{"-c", script, filepath.Join(source, "packaging/completion.bash")}, words...)
	return strings.TrimSpace(run(t, lab.Need(t, "bash", "bash"), args...))
}

// TestCompletion completes command lines.
func TestCompletion(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a disk.img", "another"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ line, want string }{
		{"vblade --re", "--read-only"},
		{"vblade 9 0 l", "lo"},
		{"vblade -b 64 -r 9 0 l", "lo"},
		{"vbladed 9 0 lo " + dir + "/ano", dir + "/another"},
		{"vblade 9 0 lo " + dir + "/a", dir + "/a disk.img"},
		{"vblade 9 0 eth0,l", "eth0,lo"},
		{"vblade st", "status"},
		{"vblade serve --re", "--replace"},
		{"vblade serve ", ""},
		{"vblade add --control " + dir + "/ano", dir + "/another"},
		{"vblade add --conf " + dir + "/ano", dir + "/another"},
		{"vblade --conf " + dir + "/ano", dir + "/another"},
		{"vblade apply --dry-run " + dir + "/ano", dir + "/another"},
		{"vblade add --control x -b 64 9 0 l", "lo"},
		{"vblade add 9 0 lo " + dir + "/ano", dir + "/another"},
		{"vblade status --control x e", ""},
		{"vbladed st", ""},
		{"vblade -b l", ""},
		{"vblade 9 l", ""},
	} {
		got := offers(t, strings.Split(c.line, " ")...)
		if !strings.Contains(" "+got+" ", " "+c.want+" ") || c.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", c.line, got, c.want)
		}
	}
}
