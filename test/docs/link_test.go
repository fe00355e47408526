// SPDX-License-Identifier: GPL-2.0-only

package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// documents returns the paths of the Markdown documents of the source tree.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("no documents %s: %v", pattern, err)
		}
		for _, path := range found {
			all = append(all, strings.TrimPrefix(path, root+"/"))
		}
	}
	return all
}

// What documents are made of.
var (
	link    = regexp.MustCompile(`\]\(([^)]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	dropped = regexp.MustCompile("[^a-z0-9 _-]") // from a heading that becomes an anchor
	quoted  = regexp.MustCompile("`([^`\n]+)`")
	inTree  = regexp.MustCompile(`^(cmd|internal|test|docs|man|packaging|scripts|\.ci)/[\w./-]+$`)
)

// anchors returns the anchors of the headings of a document, as GitHub makes them.
func anchors(text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		all[strings.ReplaceAll(dropped.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-")] = true
	}
	return all
}

// exists reports whether a path of the source tree exists.
func exists(path string) bool {
	_, err := os.Stat(filepath.Join(root, path))
	return err == nil
}

// TestLinks follows the links from each document to others, and to headings.
func TestLinks(t *testing.T) {
	for _, path := range documents(t) {
		text := read(t, path)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			target := path
			if file != "" {
				target = filepath.Join(filepath.Dir(path), file)
			}
			dir := filepath.Dir(target)
			switch {
			case dir != "." && dir != "docs":
				t.Errorf("%s links to %s, which packages leave out: they have *.md and docs", path, m[1])
			case !exists(target):
				t.Errorf("%s links to %s, which does not exist", path, m[1])
			case anchor != "" && !anchors(read(t, target))[anchor]:
				t.Errorf("%s links to %s, where no such heading is", path, m[1])
			}
		}
	}
}

// TestNamedFiles looks for the files of the source tree that documents name.
func TestNamedFiles(t *testing.T) {
	named := 0
	for _, path := range documents(t) {
		for _, m := range quoted.FindAllStringSubmatch(read(t, path), -1) {
			if !inTree.MatchString(m[1]) {
				continue
			}
			named++
			if !exists(m[1]) {
				t.Errorf("%s names %s, which does not exist", path, m[1])
			}
		}
	}
	if named == 0 {
		t.Error("no file is named")
	}
}

// TestPackagesAreDrawn looks in docs/design.md for each package of the source tree.
func TestPackagesAreDrawn(t *testing.T) {
	text := read(t, "docs/design.md")
	looked := map[string]bool{}
	for _, path := range sources(t) {
		parts := strings.Split(path, "/")
		name := parts[0] + "/" + parts[1]
		if !looked[name] && !strings.Contains(text, "`"+name+"`") {
			t.Errorf("docs/design.md does not name the package %s", name)
		}
		looked[name] = true
	}
}

// document finds what comments call a document.
var document = regexp.MustCompile(`\bdocs/\w+\.(?:md|svg)|\b[A-Z]+\.md\b`)

// TestNamedDocuments looks for the documents that the code names.
func TestNamedDocuments(t *testing.T) {
	for _, path := range sources(t) {
		for _, name := range document.FindAllString(read(t, path), -1) {
			if !exists(name) {
				t.Errorf("%s names %s, which does not exist", path, name)
			}
		}
	}
}

// TestReadmeIsShort keeps the README a first page.
func TestReadmeIsShort(t *testing.T) {
	const most = 150
	if n := strings.Count(read(t, "README.md"), "\n"); n >= most {
		t.Errorf("README.md has %d lines; move what is not for a first look to docs, so that it has fewer than %d", n, most)
	}
}
