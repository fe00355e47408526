// SPDX-License-Identifier: GPL-2.0-only

package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the source tree, protocol its description of the wire.
const (
	root     = "../.."
	protocol = "docs/protocol.md"
)

// read returns the text of a file of the source tree.
func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sources returns the paths of the Go files of the source tree.
func sources(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, top := range []string{"cmd", "internal", "test"} {
		err := filepath.WalkDir(filepath.Join(root, top), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") {
				all = append(all, strings.TrimPrefix(path, root+"/"))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(all) == 0 {
		t.Fatal("no Go files found")
	}
	return all
}

// How code cites docs/protocol.md: "section 4", "sections 2 and 3",
// "(differences 3, 7, 8)". A comment may be broken into lines anywhere.
var (
	lineBreak  = regexp.MustCompile(`\n[ \t]*//[ \t]*`)
	citation   = regexp.MustCompile(`(?i)\b(section|difference)s? (\d+(?:(?:, | and |, and )\d+)*)`)
	number     = regexp.MustCompile(`\d+`)
	section    = regexp.MustCompile(`(?m)^## (\d+)\. `)
	difference = regexp.MustCompile(`(?m)^\| (\d+) \|`)
)

// numbers returns what a pattern with one group captures in a text.
func numbers(pattern *regexp.Regexp, text string) []string {
	var all []string
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// cited returns the numbers that docs/protocol.md gives to its sections, and to the
// differences in its last section.
func cited(t *testing.T) map[string][]string {
	t.Helper()
	text := read(t, protocol)
	_, table, _ := strings.Cut(text, "\n## 8. ")
	return map[string][]string{"section": numbers(section, text), "difference": numbers(difference, table)}
}

// TestCitations looks up each section and difference that the code cites, and
// requires that its package says where they are.
func TestCitations(t *testing.T) {
	known := cited(t)
	citing, saying := map[string]string{}, map[string]bool{}
	for _, path := range sources(t) {
		code := lineBreak.ReplaceAllString(read(t, path), " ")
		if strings.Contains(code, protocol) {
			saying[filepath.Dir(path)] = true
		}
		for _, m := range citation.FindAllStringSubmatch(code, -1) {
			for _, n := range number.FindAllString(m[2], -1) {
				if !slices.Contains(known[strings.ToLower(m[1])], n) {
					t.Errorf("%s cites %s %s, which %s does not have", path, m[1], n, protocol)
				}
			}
			citing[filepath.Dir(path)] = path
		}
	}
	if len(citing) == 0 {
		t.Error("no citations found")
	}
	for dir, path := range citing {
		if !saying[dir] {
			t.Errorf("%s cites sections or differences, but nothing in its package names %s", path, protocol)
		}
	}
}

// TestNumbering requires that sections and differences are numbered from 1 on
// without a gap.
func TestNumbering(t *testing.T) {
	for what, found := range cited(t) {
		if len(found) == 0 {
			t.Errorf("no %s found", what)
		}
		for i, n := range found {
			if want := i + 1; n != strconv.Itoa(want) {
				t.Errorf("%s %s where %d was expected", what, n, want)
				break
			}
		}
	}
}
