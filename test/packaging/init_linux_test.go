// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// lsb stands in for /lib/lsb/init-functions.
const lsb = `
log_daemon_msg() { printf '%s' "$1"; }
log_end_msg() { if [ "$1" -eq 0 ]; then echo .; else echo ' failed!'; fi; return "$1"; }
`

// TestInit starts exports by init's script, one of which does not start: it says
// so of that one, and only of that.
func TestInit(t *testing.T) {
	root := tree(t.TempDir())
	script, err := os.ReadFile(filepath.Join(source, "packaging/debian/init"))
	if err != nil {
		t.Fatal(err)
	}
	own := strings.NewReplacer("/lib/lsb/init-functions", root.path("lsb"), "PATH=", "PATH="+root.path("bin")+":",
		"/etc/vblade.conf.d", root.path("etc/vblade.conf.d"), "/run/vblade", root.path("run/vblade"),
		"/usr/libexec/vblade/vblade-export", root.path("export")).Replace(string(script))
	root.write(t, "init", own)
	root.write(t, "lsb", lsb)
	root.write(t, "bin/start-stop-daemon", "#!/bin/sh\nexit 3\n") // nothing runs
	root.write(t, "export", "#!/bin/sh\n[ \"$1\" != b ]\n")
	for _, name := range []string{"a", "b", "c"} {
		root.conf(t, name, complete)
	}
	cmd := exec.Command(root.path("init"), "start")
	out, _ := cmd.CombinedOutput()
	want := "AoE export a: start.\nAoE export b: start failed!\nAoE export c: start.\n"
	if string(out) != want || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("status %d, %s, want 1, %s", cmd.ProcessState.ExitCode(), out, want)
	}
}
