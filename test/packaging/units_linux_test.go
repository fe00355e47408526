// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"vblade/test/conffile"
	"vblade/test/lab"
)

// sandbox matches what a user's instance of systemd cannot do: its units here run as
// whoever runs the test, without a sandbox.
var sandbox = regexp.MustCompile(`(?m)^(User|StateDirectory|RuntimeDirectory|Device|Private|Protect|ProcSubset|Ambient|Capability|Restrict[ANRS]|IPAddress|SystemCall|Limit|LockPersonality|Memory|NoNewPrivileges|UMask|RemoveIPC|ReadWritePaths|Wants=sys-|After=sys-).*\n`)

// apart runs the scenario in namespaces of its own, and in a control group of its own:
// systemd moves whatever else is in the group where it is started. Only this group, and
// no hierarchy of the kernel's first version of them, is visible there.
const apart = `
mounted=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)
group=$mounted$(sed -n s/^0:://p /proc/self/cgroup)
mkdir "$group/vblade-test.$$" && echo $$ >"$group/vblade-test.$$/cgroup.procs" || exit 1
unshare --cgroup --mount-proc --pid --fork --kill-child bash ROOT/scenario
echo $$ >"$group/cgroup.procs"
find "$group/vblade-test.$$" -depth -type d -exec rmdir {} \;
`

// scenario has a user's instance of systemd run the units, in a host of its own
// with a wire and its own /run. ROOT is the installation. It prints what went wrong.
const scenario = `
mount -t cgroup2 cgroup /sys/fs/cgroup || exit 1
mount -t tmpfs run /run
mkdir -p /run/systemd/system /run/vblade /run/user
export PATH=ROOT/bin:ROOT/usr/sbin:$PATH HOME=ROOT XDG_RUNTIME_DIR=/run/user SYSTEMD_UNIT_PATH=ROOT/generator:ROOT/usr/lib/systemd/system:
generate() {
	rm -rf ROOT/generator
	mkdir ROOT/generator
	ROOT/usr/lib/systemd/system-generators/vblade-generator ROOT/generator
	sed -i -E '/^(ReadWritePaths|Wants|After)=/d' ROOT/generator/*/needs.conf
	printf '[Unit]\nDescription=basic\n' >ROOT/generator/basic.target
}
generate
/lib/systemd/systemd --user --unit=basic.target &
trap "kill $!; wait" EXIT
for try in $(seq 600); do ! systemctl list-units >/dev/null 2>&1 || break; sleep 0.1; done

# conf NAME SLOT [LINE] writes a conf file.
conf() { printf 'shelf=9\nslot=%s\nnetif=tgt0\nfilename="ROOT/disks/%s"\noptions="--state none"\n%s\n' "$2" "$1" "$3" >"ROOT/etc/vblade.conf.d/$1.conf"; }
# exports prints what the server serves.
exports() { vblade status 2>/dev/null | sed -n 's/^\(e[0-9.]*\) .*/\1/p' | tr '\n' ' '; }
# await COMMAND... waits until a command succeeds.
await() { for try in $(seq 1000); do ! "$@" || return 0; sleep 0.05; done; return 1; }
# serves EXPORTS checks what is served, once that is so.
serving() { [ "$(exports)" = "$1" ]; }
serves() { await serving "$1 " || echo "$step: served is $(exports), want $1"; }
# states prints the units' states, and since when.
states() { systemctl show -p Id -p SubState -p StateChangeTimestampMonotonic 'vblade@*'; }
# calm waits until nothing is to be done any more.
idle() { [ -z "$(systemctl list-jobs --no-legend)" ]; }
running() { [ "$(systemctl show -P SubState vblade)" = running ]; }
calm() { await running; await idle || systemctl list-jobs; }
crash() { was=$(systemctl show -P MainPID vblade); kill -KILL "$was"; await renewed; calm; }
renewed() { pid=$(systemctl show -P MainPID vblade); [ "$pid" != 0 ] && [ "$pid" != "$was" ]; }
same() { [ "$(states)" = "$before" ] || { echo "$step: the units were"; echo "$before"; echo "and are"; states; }; }

step='the start of one'
systemctl start 'vblade@a\x20disk\x2d0'
serves e9.0
step='the start of all'
systemctl start vblade
serves 'e9.0 e9.1 e9.2'
await systemctl is-active --quiet vblade@own || echo "the export with a process of its own is not active"
[ "$(systemctl show -P SubState vblade@missing)" = auto-restart ] || echo "the export without a disk is not tried again"
[ "$(systemctl show -P ExecMainStatus vblade@wrong)" = 78 ] || echo "the wrong export did not end with status 78"
step='a stop of one'
systemctl stop vblade@one
serves 'e9.0 e9.2'
systemctl stop vblade@missing vblade@own
before=$(states)
step='a crash, with a moved export'
conf two 22
crash
serves 'e9.0 e9.2'
same
step='a restart, with a moved export'
systemctl restart vblade
calm
serves 'e9.0 e9.22'
same
step='a restart, with a new export'
conf new 5
generate
systemctl daemon-reload
systemctl restart vblade
serves 'e9.0 e9.5 e9.22'
step='a reload of one'
conf new 6
systemctl daemon-reload
systemctl reload vblade@new
serves 'e9.0 e9.6 e9.22'
step='a restart of one whose file is gone'
rm ROOT/etc/vblade.conf.d/new.conf
systemctl restart vblade@new 2>/dev/null && echo "$step: it succeeds"
serves 'e9.0 e9.22'
step='the start of all again'
systemctl start vblade
serves 'e9.0 e9.1 e9.22'
step='the disk that was missing'
truncate -s 1M ROOT/disks/missing
serves 'e9.0 e9.1 e9.3 e9.22'
step='a process of its own'
before=$(systemctl show -P MainPID vblade@own)
systemctl restart vblade
calm
after=$(systemctl show -P MainPID vblade@own)
[ "$after" != 0 ] && [ "$after" != "$before" ] || echo "$step: $before became $after"
# others prints the states of the units but that of the process of its own.
others() { states | sed '/^Id=vblade@own/,/^$/d'; }
# upgrade runs what a package does after an upgrade, and prints how often the process of
# its own has started then.
upgrade() { : >ROOT/starts; sh "$@" >/dev/null; calm; await idle; wc -l <ROOT/starts; }
for package in 'rpm-post 2' 'deb-postinst configure 25'; do
	step="an upgrade by $package"
	before=$(others)
	was=$(systemctl show -P MainPID vblade)
	# shellcheck disable=SC2086
	starts=$(upgrade ROOT/$package)
	renewed || echo "$step: the server is the old one"
	serves 'e9.0 e9.1 e9.3 e9.22'
	[ "$(others)" = "$before" ] || { echo "$step: the units were $before, and are"; others; }
	[ "$starts" = 1 ] || echo "$step: the process of its own has started $starts times"
	step="an upgrade by $package, of processes alone"
	systemctl stop vblade
	systemctl start vblade@own
	: >ROOT/starts
	# shellcheck disable=SC2086
	sh ROOT/$package >/dev/null
	await idle
	[ "$(wc -l <ROOT/starts)" = 1 ] || echo "$step: the process of its own has started $(wc -l <ROOT/starts) times"
	case $package in
	rpm*) [ "$(systemctl is-active vblade)" = inactive ] || echo "$step: it starts the server that was stopped" ;;
	esac
	systemctl start vblade
	calm
	serves 'e9.0 e9.1 e9.3 e9.22'
done
step='the start of all after a crash'
systemctl stop vblade@one
crash
started() { systemctl start vblade; serving 'e9.0 e9.1 e9.3 e9.22 '; }
await started || echo "$step: served is $(exports)"
step='the stop of all'
systemctl stop vblade
systemctl --no-legend --plain --state=active list-units 'vblade*'
step='a start after that'
systemctl start vblade
serves 'e9.0 e9.1 e9.3 e9.22'
step='a start that a stop overtakes'
systemctl stop vblade
touch ROOT/hold
systemctl start vblade
await test -e ROOT/held || echo "$step: the exports are not started"
systemctl stop vblade
systemctl --no-legend --plain --state=failed list-units 'vblade-*'
rm ROOT/hold
over() { [ "$(systemctl show -P ActiveState vblade-exports)" != activating ]; }
await over || echo "$step: it goes on"
[ "$(systemctl is-active vblade)" = inactive ] || echo "$step: the server is started after its stop"
systemctl start vblade
serves 'e9.0 e9.1 e9.3 e9.22'
systemctl stop vblade
step='a start that is stopped at once'
for try in 1 2 3 4 5; do
	systemctl start --no-block vblade
	systemctl stop vblade
	await idle
	[ "$(systemctl is-active vblade)" = inactive ] || { echo "$step: the server is started after its stop"; systemctl stop vblade; }
done
step='a crash after the start of one'
systemctl start vblade@two
serves e9.22
crash
serves e9.22
systemctl stop vblade
true`

// TestUnitsFollow has systemd start, stop, restart and lose the server and its
// exports: each unit is in the state that an administrator expects.
func TestUnitsFollow(t *testing.T) {
	lab.Need(t, "systemctl", "systemd")
	if os.Getuid() != 0 {
		lab.Skip(t, "control groups", "run as root")
	}
	if out, err := exec.Command("findmnt", "-n", "-t", "cgroup2").Output(); err != nil || len(out) == 0 {
		lab.Skip(t, "control groups of version 2", "mount -t cgroup2 cgroup /sys/fs/cgroup/unified")
	}
	root := install(t)
	root.relax(t)
	for name, line := range map[string]string{"a disk-0": "", "one": "", "two": "", "own": "own_process=yes", "missing": "", "wrong": "x", "new": ""} {
		slot := map[string]string{"a disk-0": "0", "one": "1", "two": "2", "missing": "3", "own": "4", "wrong": "7"}[name]
		if slot != "" {
			root.conf(t, name, conffile.With("slot="+slot+" netif=tgt0 filename='"+root.path("disks/"+name)+"' options='--state none'\n"+line))
		}
		if name != "missing" {
			root.write(t, "disks/"+name, strings.Repeat("vblade! ", 1<<14))
		}
	}
	root.upgrades(t)
	host := lab.TestHost(t)
	if err := host.Wire("tgt0", "ini0", 1500); err != nil {
		t.Fatal(err)
	}
	root.write(t, "scenario", strings.ReplaceAll(scenario, "ROOT", string(root)))
	root.write(t, "apart", strings.ReplaceAll(apart, "ROOT", string(root)))
	out, err := host.Output("bash", root.path("apart"))
	if err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}

// manager stands for systemctl: it asks a user's instance of systemd. While there is a
// file ROOT/hold, whoever asks for the run of the server, as a start of the exports
// does, is held, and ROOT/held says so.
const manager = `#!/bin/sh
case $* in *InvocationID*)
	while [ -e ROOT/hold ]; do touch ROOT/held; sleep 0.1; done
esac
exec SYSTEMCTL --user "$@"
`

// relax takes from the installed units what a user's instance of systemd cannot do,
// and has scripts ask that instance.
func (r tree) relax(t *testing.T) {
	t.Helper()
	systemctl, err := exec.LookPath("systemctl")
	if err != nil {
		t.Fatal(err)
	}
	r.write(t, "bin/systemctl", strings.NewReplacer("ROOT", string(r), "SYSTEMCTL", systemctl).Replace(manager))
	units, _ := filepath.Glob(r.path("usr/lib/systemd/system/*.service"))
	for _, file := range append(units, r.path("usr/libexec/vblade/own-process.conf")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		own := sandbox.ReplaceAllString(string(text), "")
		own = strings.NewReplacer("=+-", "=-", "[Service]\n", "[Service]\nEnvironment=PATH="+r.path("bin")+":"+os.Getenv("PATH")+"\n",
			"After=network.target rc-local.service", "After=").Replace(own)
		if err := os.WriteFile(file, []byte(own), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// upgrades installs what the packages run after an upgrade, with stand-ins for what
// would change the host; and has each start of the process of its own write a line.
func (r tree) upgrades(t *testing.T) {
	t.Helper()
	for name, source := range map[string]string{"rpm-post": "rpm/post", "deb-postinst": "debian/postinst"} {
		text, err := os.ReadFile(filepath.Join("../../packaging", source))
		if err != nil {
			t.Fatal(err)
		}
		r.write(t, name, strings.ReplaceAll(string(text), "/usr/libexec/", r.path("usr/libexec/")+"/"))
	}
	for _, name := range []string{"systemd-sysusers", "deb-systemd-helper", "update-rc.d"} {
		r.write(t, "bin/"+name, "#!/bin/sh\n")
	}
	r.write(t, "bin/deb-systemd-invoke", "#!/bin/sh\nexec systemctl \"$@\"\n")
	r.write(t, "usr/lib/systemd/system/vblade@own.service.d/count.conf", "[Service]\nExecStartPost=/bin/sh -c 'echo >>"+r.path("starts")+"'\n")
}
