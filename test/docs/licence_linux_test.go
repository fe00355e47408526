// SPDX-License-Identifier: GPL-2.0-only

package docs

import (
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vblade/test/lab"
)

// unlabelled are files that cannot hold a comment, as those of JSON, or are about
// licences themselves.
var unlabelled = []string{"LICENSE", "go.sum", "packaging/debian/copyright", "packaging/debian/changelog.in"}

// TestLicences looks for the licence in each file that git has, without test data.
func TestLicences(t *testing.T) {
	git := lab.Need(t, "git", "git")
	cmd := exec.Command(git, "-c", "safe.directory=*", "ls-files")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		lab.Skip(t, "a git checkout", "run the test in one")
	}
	files := strings.Fields(string(out))
	if len(files) == 0 {
		t.Fatal("git has no files")
	}
	for _, file := range files {
		if slices.Contains(unlabelled, file) || path.Base(path.Dir(file)) == "testdata" || path.Ext(file) == ".json" || !exists(file) {
			continue
		}
		text := read(t, file)
		if head := text[:min(len(text), 400)]; !strings.Contains(head, "SPDX-License-Identifier: GPL-2.0-only") {
			t.Errorf("%s does not name its licence at its beginning", file)
		}
	}
}

// compatible are phrases of licences that go with version 2 alone of the GPL.
var compatible = []string{
	"permission is hereby granted, free of charge, to any person obtaining a copy", // MIT
	"redistribution and use in source and binary forms",                            // BSD
	"permission to use, copy, modify, and/or distribute this software for any",     // ISC
}

// TestModuleLicences looks at the licences of the modules that the program is made of:
// each goes with the program's own, and is named in the packages.
func TestModuleLicences(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", "./cmd/vblade")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	named := read(t, "packaging/debian/copyright")
	modules := slices.Compact(slices.Sorted(strings.Lines(string(out))))
	if len(modules) < 5 {
		t.Errorf("only %d modules are in use", len(modules))
	}
	for _, line := range modules {
		module, dir, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue
		}
		if name := regexp.MustCompile("/v[0-9]+$").ReplaceAllString(module, ""); !strings.Contains(named, name) {
			t.Errorf("packaging/debian/copyright does not name %s", name)
		}
		files, _ := filepath.Glob(filepath.Join(dir, "[Ll][Ii][Cc][Ee][Nn][SsCc][Ee]*"))
		text := ""
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			text += strings.ToLower(strings.Join(strings.Fields(string(b)), " "))
		}
		if !slices.ContainsFunc(compatible, func(phrase string) bool { return strings.Contains(text, phrase) }) {
			t.Errorf("the licence of %s is none of MIT, BSD and ISC: %.200s", module, text)
		}
	}
}
