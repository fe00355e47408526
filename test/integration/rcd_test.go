// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// rcSubr stands in for FreeBSD's rc.subr(8). It reads rc.conf beside it and
// says, a line each, what it is asked for and what it would start: the arguments
// in brackets, as the shell hands them over.
const rcSubr = `
load_rc_config() { . "${0%/*}/rc.conf"; }
checkyesno() { eval "case \$$1 in [Yy][Ee][Ss]) return 0 ;; esac"; return 1; }
warn() { echo "warn: $*"; }
run_rc_command() {
	echo "$name $* $rcvar pidfile=${pidfile-} procname=${procname-}"
	eval "override=\${${name}_program-} rc_flags=\${${name}_flags-}"
	case $1 in
	*start)
		$start_precmd || return 1
		eval "set -- ${override:-$command} $rc_flags $command_args"
		printf '[%s]' "$@"; echo
		;;
	stop) return 1 ;;
	esac
}
`

// rc runs the rc.d script with a configuration and arguments, as sh or, like
// rc(8) at boot, sourced by another script. It returns what was printed.
func rc(t *testing.T, conf string, sourced bool, args ...string) (string, error) {
	t.Helper()
	script, err := os.ReadFile("../../scripts/freebsd/vblade")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	own := strings.Replace(string(script), ". /etc/rc.subr\n", ". "+dir+"/rc.subr\n", 1)
	if own == string(script) {
		t.Fatal("the script does not source /etc/rc.subr")
	}
	conf = strings.ReplaceAll(conf, "PROGRAM", filepath.Join(dir, "program"))
	for name, content := range map[string]string{
		"rc.subr": rcSubr, "rc.conf": conf, "vblade": own, "program": "",
		"boot": "set -- " + strings.Join(args, " ") + "\n. " + dir + "/vblade\necho \"status $?\"\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	words := append([]string{filepath.Join(dir, "vblade")}, args...)
	if sourced {
		words = []string{filepath.Join(dir, "boot")}
	}
	out, err := exec.Command("sh", words...).CombinedOutput()
	return strings.ReplaceAll(string(out), dir, "DIR"), err
}

// twoTargets describes two targets, one with options of its own.
const twoTargets = `
vblade_enable="YES"
vblade_program="PROGRAM"
vblade_instances="a b_2"
vblade_flags="-r -b 32"
vblade_a_shelf="9" vblade_a_slot="0" vblade_a_interface="em0" vblade_a_file="/dev/a \$HOME 'x'"
vblade_b_2_shelf="10" vblade_b_2_slot="1" vblade_b_2_interface="vlan5" vblade_b_2_file="/b" vblade_b_2_flags="-s"
`

// What the targets are started by.
const (
	startA = "vblade_a start vblade_enable pidfile=/var/run/vblade_a.pid procname=DIR/program\n" +
		"[/usr/sbin/daemon][-f][-p][/var/run/vblade_a.pid][-T][vblade_a][--][DIR/program][-r][-b][32][--][9][0][em0][/dev/a $HOME 'x']\n"
	startB = "vblade_b_2 start vblade_enable pidfile=/var/run/vblade_b_2.pid procname=DIR/program\n" +
		"[/usr/sbin/daemon][-f][-p][/var/run/vblade_b_2.pid][-T][vblade_b_2][--][DIR/program][-s][--][10][1][vlan5][/b]\n"
)

// TestRcd runs the rc.d script of FreeBSD over a stand-in for rc.subr.
func TestRcd(t *testing.T) {
	for name, c := range map[string]struct {
		conf string
		args []string
		want string
		fail bool
	}{
		"every target": {twoTargets, []string{"start"}, startA + startB, false},
		"one target":   {twoTargets, []string{"start", "b_2"}, startB, false},
		"two in another order, each with its own flags": {twoTargets, []string{"start", "b_2", "a"}, startB + startA, false},
		"a prefix": {twoTargets, []string{"onestart", "b_2"},
			strings.Replace(startB, " start ", " onestart ", 1), false},
		"flags of one are none of another": {twoTargets + "vblade_b_2_flags=\n", []string{"start", "b_2"},
			strings.Replace(startB, "[-s]", "", 1), false},
		"a program of a target's own is not daemon": {twoTargets + "vblade_b_2_program=/other\n", []string{"start", "b_2"}, startB, false},
		"one that fails keeps no other": {twoTargets + "vblade_a_slot=\n", []string{"start"},
			strings.Split(startA, "\n")[0] + "\nwarn: vblade_a_slot is not set: say it in /etc/rc.conf\n" + startB, true},
		"no program": {twoTargets + "vblade_program=/nowhere/vblade\n", []string{"start", "a"},
			"vblade_a start vblade_enable pidfile=/var/run/vblade_a.pid procname=/nowhere/vblade\n" +
				"warn: there is no program /nowhere/vblade: install it, or set vblade_program\n", true},
		"a bad name": {twoTargets, []string{"start", "a;b"}, "warn: a;b is no name of a target: use letters, digits and underscores\n", true},
		"status": {twoTargets, []string{"status", "a"},
			"vblade_a status vblade_enable pidfile=/var/run/vblade_a.pid procname=DIR/program\n", false},
		"a stop that fails": {twoTargets, []string{"stop", "a"},
			"vblade_a stop vblade_enable pidfile=/var/run/vblade_a.pid procname=DIR/program\n", true},
		"the service itself": {twoTargets, []string{"enable"}, "vblade enable vblade_enable pidfile= procname=\n", false},
		"nothing":            {twoTargets, nil, "vblade  vblade_enable pidfile= procname=\n", false},
		"no targets": {"vblade_enable=YES\n", []string{"start"},
			"warn: there are no targets: name them in vblade_instances in /etc/rc.conf\n", false},
		"not enabled": {"", []string{"faststart"}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := rc(t, c.conf, false, c.args...)
			if got != c.want || (err != nil) != c.fail {
				t.Errorf("%v and\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}

// TestRcdAtBoot has the script sourced: it does not end the shell that does.
func TestRcdAtBoot(t *testing.T) {
	got, err := rc(t, twoTargets, true, "faststart")
	want := strings.ReplaceAll(startA+startB, " start ", " faststart ") + "status 0\n"
	if got != want || err != nil {
		t.Errorf("%v and\n%s\nwant\n%s", err, got, want)
	}
}
