// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// The exports of the target: one that Debian's package can serve as well, of
// another user's file in an uncommon place; one that waits for its interface,
// of a block device; one that is wrong.
const (
	diskConf  = "shelf=9\nslot=0\nnetif=eth0\nfilename=/data/disk.img\noptions='-b 32'\n"
	lateConf  = "shelf=9\nslot=1\nnetif=wire0\nfilename=/dev/vda\noptions='-r --metrics 127.0.0.1:9100'\nionice='-c1'\n"
	wrongConf = "shelf=9\nnetif=eth0\nfilename=/data/disk.img\n"
	lostConf  = "shelf=9\nslot=255\nnetif=eth0\nfilename=/data/disk.img\n"
)

// diskUnit is the unit of disk-0.conf.
const diskUnit = `vblade@disk\x2d0`

// service is the life of an export on a host with systemd: it is served by
// Debian's package, then by ours without a change, through a reboot, a crash
// and a hang, and stops when it is told to. Another host uses it all the time. At last
// the one server of many exports has its turn.
func (s *site) service(t *testing.T) {
	d := s.newDebian(t)
	d.addPackages()
	d.installs()
	image := randomDisk(t, 1<<20, 3)
	want := sumOfFile(t, image)
	d.add(image, "data/disk.img", 0o600)
	d.write("etc/vblade.conf.d/disk-0.conf", diskConf, 0o644)
	d.run("chown nobody /data/disk.img; dpkg -i /theirs.deb")

	g := s.guest(t, "tap0", 1500)
	target := s.newTarget(t, d.image(), "tap2")
	s.bridge(t, "br0", "tap0", "tap2")
	g.run("modprobe aoe aoe_iflist=eth0")
	g.appears("etherd/e9.0")
	serves := func(when string) {
		t.Helper()
		g.run("echo 3 > /proc/sys/vm/drop_caches")
		if got := g.sum("/dev/etherd/e9.0"); got != want {
			t.Errorf("%s e9.0 has the sum %s, want %s", when, got, want)
		}
	}
	serves("from Debian's package")

	target.run("dpkg -i /ours.deb")
	serves("after the upgrade")
	target.is(diskUnit, "ActiveState", "active")
	target.run("vblade --version")

	target.run("cat >/etc/vblade.conf.d/late.conf <<'END'\n" + lateConf + "END\ncat >/etc/vblade.conf.d/wrong.conf <<'END'\n" + wrongConf + "END\ncat >/etc/vblade.conf.d/lost.conf <<'END'\n" + lostConf + "END\n")
	target.reboots()
	serves("after a reboot")
	target.waits()
	target.survives(serves)
	target.stops()
	target.keepsDisks(g)
}

// installs checks the package's life in a system that does not run: installed
// and enabled; started, asked and stopped by init's script; purged, of which
// nothing is left.
func (d *debian) installs() {
	d.t.Helper()
	before := d.run("find /etc /usr /var/lib/systemd /run -xdev")
	d.run("dpkg -i /ours.deb; test -L /etc/systemd/system/multi-user.target.wants/vblade.service; test -L /etc/rc2.d/S01vblade")
	d.run("truncate -s 1M '/srv/sysv disk'; printf \"shelf=9\\nslot=7\\nnetif=lo\\nfilename='/srv/sysv disk'\\n\" >/etc/vblade.conf.d/sysv.conf")
	d.run(`/etc/init.d/vblade start
		/etc/init.d/vblade status
		read -r pid </run/vblade/sysv.pid
		[ "$(readlink "/proc/$pid/exe")" = /usr/sbin/vblade ]
		/etc/init.d/vblade restart
		/etc/init.d/vblade status sysv
		! kill -0 "$pid"
		/etc/init.d/vblade stop
		! /etc/init.d/vblade status
		[ ! -e /run/vblade/sysv.pid ]
		/etc/init.d/vblade stop`)
	d.run("sed -i s/slot=7/slot=x/ /etc/vblade.conf.d/sysv.conf; ! /etc/init.d/vblade start 2>/tmp/why; grep 'slot \"x\" is not a number' /tmp/why")
	d.run("dpkg -r vblade; test -e /etc/vblade.conf.d/sysv.conf; dpkg -P vblade; test -e /etc/vblade.conf.d/sysv.conf")
	d.run("rm -r /etc/vblade.conf.d /run/vblade '/srv/sysv disk'")
	if after := d.run("find /etc /usr /var/lib/systemd /run -xdev"); after != before {
		d.t.Errorf("the package leaves something else than it found:\n%s", difference(before, after))
	}
}

// difference lists the lines that only one of two texts has.
func difference(before, after string) string {
	var lines []string
	count := map[string]int{}
	for _, l := range strings.Split(before, "\n") {
		count[l]--
	}
	for _, l := range strings.Split(after, "\n") {
		count[l]++
	}
	for l, n := range count {
		if n != 0 {
			lines = append(lines, fmt.Sprintf("%+d %s", n, l))
		}
	}
	return strings.Join(lines, "\n")
}

// is checks a property of a unit.
func (tg *target) is(unit, property, want string) {
	tg.t.Helper()
	got := strings.TrimSpace(tg.run("systemctl show -P " + property + " '" + unit + "'"))
	if got != want {
		tg.t.Errorf("%s of %s is %q, want %q; its journal:\n%s", property, unit, got, want, tg.journal(unit))
	}
}

// journal returns what a unit has logged since the boot.
func (tg *target) journal(unit string) string {
	tg.t.Helper()
	return tg.run("journalctl -b -o cat -u '" + unit + "'")
}

// mainPID is the process number of a unit's vblade, for a shell script.
func mainPID(unit string) string { return "$(systemctl show -P MainPID '" + unit + "')" }

// waits checks that the late export waits for its interface, and no longer, and
// then has what its conf file asks for; and that the wrong one, and the one that
// vblade refuses for good, fail and say what is wrong.
func (tg *target) waits() {
	tg.t.Helper()
	const late = "vblade@late"
	tg.is(late, "ActiveState", "inactive")
	tg.run("ip link add wire0 type veth peer name wire1; ip link set wire1 up; ip link set wire0 up; systemctl start " + late)
	tg.is(late, "ActiveState", "active")
	tg.run("ionice -p " + mainPID(late) + " | grep -x 'realtime: prio 4'")
	tg.shares(mainPID(late), 2) // the sandbox leaves it both fast ways
	tg.run(`exec 5<>/dev/tcp/127.0.0.1/9100; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&5; grep vblade_ <&5`)
	if got := tg.journal(late); !strings.Contains(got, "e9.1, 2097152 sectors O_RDONLY") {
		tg.t.Errorf("the late export logs:\n%s", got)
	}
	tg.is("vblade@wrong", "ActiveState", "failed")
	tg.is("vblade@wrong", "NRestarts", "0")
	if got := tg.journal("vblade@wrong"); !strings.Contains(got, "vblade: /etc/vblade.conf.d/wrong.conf: slot is not set\n") {
		tg.t.Errorf("the wrong export logs:\n%s", got)
	}
	tg.is("vblade@lost", "ActiveState", "failed")
	tg.is("vblade@lost", "NRestarts", "0")
	tg.is("vblade@lost", "ExecMainStatus", "78")
	if got, want := tg.run("journalctl -b -o cat -p err -t vblade -u vblade@lost"), "vblade: slot 255 is out of range; give 0 to 254\n"; got != want {
		tg.t.Errorf("the lost export logs as errors %q, want %q", got, want)
	}
}

// survives checks that an export comes back, in use, when it is killed and when it
// hangs.
func (tg *target) survives(serves func(when string)) {
	tg.t.Helper()
	tg.run("kill -KILL " + mainPID(diskUnit))
	serves("after it was killed")
	tg.is(diskUnit, "NRestarts", "1")

	tg.run("kill -STOP " + mainPID(diskUnit))
	serves("after it hung")
	tg.is(diskUnit, "NRestarts", "2")
}

// journalLimit bounds what all of this may write to the journal, in lines.
const journalLimit = 60

// stops stops all exports, which end at once and well, and looks at the journal.
func (tg *target) stops() {
	tg.t.Helper()
	if got := tg.run("systemctl show -P StatusText '" + diskUnit + "'"); !strings.Contains(got, "e9.0") {
		tg.t.Errorf("its status is %q, want e9.0 and its counters", got)
	}
	tg.run("systemctl stop vblade")
	for _, unit := range []string{diskUnit, "vblade@late"} {
		tg.is(unit, "ActiveState", "inactive")
		tg.is(unit, "Result", "success")
		tg.is(unit, "ExecMainStatus", "0")
	}
	journal := tg.run("journalctl -b -u 'vblade*'")
	tg.t.Logf("the journal:\n%s", journal)
	if n := strings.Count(journal, "\n"); n > journalLimit || !strings.Contains(journal, "Watchdog timeout") {
		tg.t.Errorf("the journal has %d lines, want at most %d, one of them about the watchdog", n, journalLimit)
	}
}
