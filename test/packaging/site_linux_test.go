// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vblade/test/lab"
)

// source is the source tree.
const source = "../.."

// program is the vblade under test.
var program string

// TestMain builds the program.
func TestMain(m *testing.M) { lab.Main(m, &program) }

// run runs a command, which must succeed, and returns what it printed.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// mk runs make in the source tree with the program under test.
func mk(t *testing.T, target string, variables ...string) {
	t.Helper()
	args := []string{"-C", source, target, "PROGRAM=" + program}
	run(t, lab.Need(t, "make", "make"), append(args, variables...)...)
}

// tree is an installation below a directory that stands for / .
type tree string

// install makes a tree. Its scripts and units name their places in it.
func install(t *testing.T) tree {
	t.Helper()
	root := tree(t.TempDir())
	mk(t, "install", "prefix="+root.path("usr"), "sysconfdir="+root.path("etc"))
	return root
}

// path is a path in the tree.
func (r tree) path(path string) string { return filepath.Join(string(r), path) }

// write writes a file in the tree, of mode 755.
func (r tree) write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(path)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path(path), []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

// conf writes a conf file.
func (r tree) conf(t *testing.T, name, content string) {
	t.Helper()
	r.write(t, "etc/vblade.conf.d/"+name+".conf", content)
}

// files returns the files below a directory with their modes, and the symbolic
// links with their targets.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, dir)
		info, err := d.Info()
		switch {
		case err != nil:
			return err
		case d.Type() == fs.ModeSymlink:
			target, err := os.Readlink(path)
			found[name] = "-> " + target
			return err
		case !d.IsDir():
			found[name] = info.Mode().String()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// same compares two maps, of what they describe.
func same(t *testing.T, what string, got, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s: %s is %q, want %q", what, name, got[name], value)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: unexpected %s", what, name)
		}
	}
}
