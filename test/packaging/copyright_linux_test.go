// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vblade/test/lab"
)

// majorSuffix is the end of a module's path that names its major version.
var majorSuffix = regexp.MustCompile(`/v\d+$`)

// TestCopyright looks in the copyright file for every Go module that the program
// contains.
func TestCopyright(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(source, "packaging/debian/copyright"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./cmd/vblade")
	cmd.Dir = source
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(out)) // one for each package
	if len(modules) == 0 {
		t.Fatal("the program contains no modules")
	}
	slices.Sort(modules)
	for _, module := range slices.Compact(modules) {
		if name := majorSuffix.ReplaceAllString(module, ""); !strings.Contains(string(text), name) {
			t.Errorf("packaging/debian/copyright does not name %s", name)
		}
	}
}

// TestChangelog checks the Debian package's changelog: that it parses, is of the
// package's version, and leaves nothing to fill in.
func TestChangelog(t *testing.T) {
	parse := lab.Need(t, "dpkg-parsechangelog", "dpkg-dev")
	deb := pkg(t, "_amd64.deb")
	dir := t.TempDir()
	run(t, lab.Need(t, "dpkg-deb", "dpkg"), "-x", deb, dir)
	file := filepath.Join(dir, "usr/share/doc/vblade/changelog.Debian.gz")
	run(t, "gunzip", file)
	file = strings.TrimSuffix(file, ".gz")
	fields := run(t, parse, "-l", file)
	version := strings.TrimSpace(run(t, "dpkg-deb", "-f", deb, "Version"))
	if !strings.Contains(fields, "\nVersion: "+version+"\n") || strings.Contains(fields, "@VERSION@") {
		t.Errorf("the changelog is not of version %s:\n%s", version, fields)
	}
	if text, err := os.ReadFile(file); err != nil || regexp.MustCompile(`@[A-Z]+@`).Match(text) {
		t.Errorf("the changelog is not complete: %v\n%s", err, text)
	}
}
