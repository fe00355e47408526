// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vblade/test/conffile"
)

// lsb stands in for /lib/lsb/init-functions.
const lsb = `
log_daemon_msg() { printf '%s' "$1"; }
log_end_msg() { if [ "$1" -eq 0 ]; then echo .; else echo ' failed!'; fi; return "$1"; }
`

// TestInit starts and stops exports by init's script, with programs in the place of
// vblade and vbladed that say how they are called: one server for all but those that
// have processes of their own, some of which do not start.
func TestInit(t *testing.T) {
	root := tree(t.TempDir())
	script, err := os.ReadFile(filepath.Join(source, "packaging/debian/init"))
	if err != nil {
		t.Fatal(err)
	}
	own := strings.NewReplacer("/lib/lsb/init-functions", root.path("lsb"), "PATH=", "PATH="+root.path("bin")+":",
		"/etc/vblade.conf.d", root.path("etc/vblade.conf.d"), "/run/vblade", root.path("run/vblade")).Replace(string(script))
	root.write(t, "init", own)
	root.write(t, "lsb", lsb)
	// What has a pid file runs.
	root.write(t, "bin/start-stop-daemon", `#!/bin/sh
		case "$*" in
		*--status*) [ -e "$5" ] || exit 3 ;;
		*--stop*) [ ! -e "$5" ] || echo "stop ${5##*/}"; rm -f "$5" ;;
		esac
	`)
	root.write(t, "bin/vbladed", `#!/bin/sh
		echo vbladed "$*"
		[ "${2##*/}" != b.conf ] || exit 1
		echo 1 >"$PIDFILE"
	`)
	root.write(t, "bin/vblade", `#!/bin/sh
		[ "$1" = conf ] || { echo vblade "$*"; exit; }
		case $3 in *.conf) confs=$3 ;; *) confs=$3/*.conf ;; esac
		for conf in $confs; do grep -q own_process=yes "$conf" && basename "$conf" .conf; done
	`)
	for name, more := range map[string]string{"a": "", "b": "own_process=yes\n", "c": "own_process=yes\n"} {
		root.conf(t, name, conffile.Complete+more)
	}
	if err := os.MkdirAll(root.path("run"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"start", 1, "AoE exports: startvbladed serve\nvblade apply DIR\nvbladed --conf DIR/b.conf\nvbladed --conf DIR/c.conf\n failed!\n"},
		{"start a", 0, "AoE export a: start.\n"},
		{"stop a", 0, "AoE export a: stopvblade remove --conf DIR/a.conf\n.\n"},
		{"restart c", 0, "AoE export c: restartstop c.pid\nvbladed --conf DIR/c.conf\n.\n"},
		{"start b", 1, "AoE export b: startvbladed --conf DIR/b.conf\n failed!\n"},
		{"restart", 1, "AoE exports: restartvbladed serve --replace\nstop c.pid\nvblade apply DIR\nvbladed --conf DIR/b.conf\nvbladed --conf DIR/c.conf\n failed!\n"},
		{"stop", 0, "AoE exports: stopstop c.pid\nstop vblade-server.pid\n.\n"},
		{"start c", 0, "AoE export c: startvbladed --conf DIR/c.conf\n.\n"},
	} {
		cmd := exec.Command(root.path("init"), strings.Fields(c.args)...)
		out, _ := cmd.CombinedOutput()
		out = []byte(strings.ReplaceAll(string(out), root.path("etc/vblade.conf.d"), "DIR"))
		if string(out) != c.want || cmd.ProcessState.ExitCode() != c.status {
			t.Errorf("%s: status %d, %s, want %d, %s", c.args, cmd.ProcessState.ExitCode(), out, c.status, c.want)
		}
	}
}
