// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// link finds the destination of a link or picture in Markdown.
var link = regexp.MustCompile(`\]\(([^)#\s]+)[^)]*\)`)

// TestLinks checks that what the packaged documents link to is packaged beside
// them.
func TestLinks(t *testing.T) {
	config, err := os.ReadFile(filepath.Join(source, "packaging/nfpm.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const docs = "/usr/share/doc/vblade/"
	packaged := map[string]bool{}
	for _, m := range regexp.MustCompile(`src: (\S+), dst: `+docs+`(\S+)}`).FindAllStringSubmatch(string(config), -1) {
		packaged[m[2]] = true
		if m[1] != m[2] {
			t.Errorf("%s is packaged as %s: its links do not lead to the same files", m[1], m[2])
		}
	}
	for doc := range packaged {
		if !strings.HasSuffix(doc, ".md") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(source, doc))
		if err != nil {
			t.Error(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if to := path.Join(path.Dir(doc), m[1]); !strings.Contains(m[1], "://") && !packaged[to] {
				t.Errorf("%s links to %s, which is not packaged", doc, m[1])
			}
		}
	}
	if len(packaged) == 0 {
		t.Error("no documents are packaged")
	}
}
