// SPDX-License-Identifier: GPL-2.0-only

package docs

import (
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// importLine is a line of the list of imports in docs/design.md.
var importLine = regexp.MustCompile(`^(\w+) +(\w+(?:, \w+)*)$`)

// TestImports compares the list of imports in docs/design.md with the imports of the
// packages in internal.
func TestImports(t *testing.T) {
	drawn := map[string]string{}
	for line := range strings.Lines(read(t, "docs/design.md")) {
		if m := importLine.FindStringSubmatch(strings.TrimSpace(line)); m != nil && !strings.HasPrefix(line, " ") {
			names := strings.Split(m[2], ", ")
			slices.Sort(names)
			drawn[m[1]] = strings.Join(names, ", ")
		}
	}
	found := map[string]map[string]bool{}
	for _, path := range sources(t) {
		dir, ok := strings.CutPrefix(filepath.Dir(path), "internal/")
		if !ok || strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, path), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range f.Imports {
			if name, ok := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), "vblade/internal/"); ok {
				if found[dir] == nil {
					found[dir] = map[string]bool{}
				}
				found[dir][name] = true
			}
		}
	}
	if len(found) == 0 {
		t.Fatal("no imports found")
	}
	for dir, names := range found {
		if want := strings.Join(slices.Sorted(maps.Keys(names)), ", "); drawn[dir] != want {
			t.Errorf("docs/design.md says that %s imports %q; it imports %q", dir, drawn[dir], want)
		}
		delete(drawn, dir)
	}
	for dir := range drawn {
		t.Errorf("docs/design.md says that %s imports something; it does not", dir)
	}
}
