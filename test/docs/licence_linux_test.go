// SPDX-License-Identifier: GPL-2.0-only

package docs

import (
	"os/exec"
	"path"
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
