// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// diskConf is a conf file as Debian's package takes it too, but for its name.
const diskConf = "shelf=9\nslot=0\nnetif=eth0\nfilename=/srv/disk.img\noptions='-b 32'\n"

// service is the life of an export on a host with systemd: it is served by
// Debian's package, then by ours without a change, through a reboot, a crash
// and a hang, and stops when it is told to. Another host uses it all the time.
func (s *site) service(t *testing.T) {
	d := s.newDebian(t)
	d.addPackages()
	d.installs()
	image := randomDisk(t, 1<<20, 3)
	want := sumOfFile(t, image)
	d.add(image, "srv/disk.img", 0o600)
	d.add(image, "srv/a disk.img", 0o600)
	d.write("etc/vblade.conf.d/disk-0.conf", diskConf, 0o644)
	d.run("dpkg -i /theirs.deb")

	g := s.guest(t, "tap0", 1500)
	target := d.boot("tap1")
	s.bridge(t, "br0", "tap0", "tap1")
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
	target.is(`vblade@disk\x2d0`, "ActiveState", "active")
	target.run("ls -l /proc/$(systemctl show -P MainPID 'vblade@disk\\x2d0')/exe | grep /usr/sbin/vblade")
	target.run("/usr/sbin/vblade --version")

	target.lateAndWrong()
	target.reboots()
	serves("after a reboot")
	target.waits()
	target.survives(serves)
	target.stops()
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
	d.run("echo slot=x >>/etc/vblade.conf.d/sysv.conf; ! /etc/init.d/vblade start 2>/tmp/why; grep 'slot \"x\" is not a number' /tmp/why")
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
func (sh *shell) is(unit, property, want string) {
	sh.t.Helper()
	got := strings.TrimSpace(sh.run("systemctl show -P " + property + " '" + unit + "'"))
	if got != want {
		sh.t.Errorf("%s of %s is %q, want %q; its journal:\n%s", property, unit, got, want, sh.journal(unit))
	}
}

// journal returns what a unit has logged since the boot.
func (sh *shell) journal(unit string) string {
	sh.t.Helper()
	return sh.run("journalctl -b -o cat -u '" + unit + "'")
}

// lateAndWrong adds an export whose interface is not there, and one whose conf
// file is wrong.
func (sh *shell) lateAndWrong() {
	sh.t.Helper()
	sh.run(`cd /etc/vblade.conf.d
		printf "shelf=9\nslot=1\nnetif=wire0\nfilename='/srv/a disk.img'\noptions=-r\nionice='-c1'\n" >late.conf
		printf "shelf=9\nnetif=eth0\nfilename=/srv/disk.img\n" >wrong.conf`)
}

// waits checks that the late export waits for its interface, and no longer; and
// that the wrong one says what is wrong.
func (sh *shell) waits() {
	sh.t.Helper()
	sh.is("vblade@late", "ActiveState", "inactive")
	sh.run("ip link add wire0 type veth peer name wire1; ip link set wire0 up; systemctl start vblade@late")
	sh.is("vblade@late", "ActiveState", "active")
	sh.run("ionice -p $(systemctl show -P MainPID vblade@late) | grep -x 'realtime: prio 4'")
	if got := sh.journal("vblade@late"); !strings.Contains(got, "e9.1, 2048 sectors O_RDONLY") {
		sh.t.Errorf("the late export logs:\n%s", got)
	}
	sh.is("vblade@wrong", "ActiveState", "failed")
	sh.is("vblade@wrong", "NRestarts", "0")
	if got := sh.journal("vblade@wrong"); !strings.Contains(got, "vblade: /etc/vblade.conf.d/wrong.conf: slot is not set\n") {
		sh.t.Errorf("the wrong export logs:\n%s", got)
	}
}

// survives kills and stops the program of an export in use: it comes back.
func (sh *shell) survives(serves func(when string)) {
	sh.t.Helper()
	unit := `vblade@disk\x2d0`
	signal := "kill -%s $(systemctl show -P MainPID '" + unit + "')"
	sh.run(fmt.Sprintf(signal, "KILL"))
	serves("after it was killed")
	sh.is(unit, "NRestarts", "1")

	sh.run(fmt.Sprintf(signal, "STOP"))
	serves("after it hung")
	sh.is(unit, "NRestarts", "2")
	if got := sh.journal(unit); !strings.Contains(got, "Watchdog timeout") {
		sh.t.Errorf("the journal does not tell of the watchdog:\n%s", got)
	}
}

// stops stops all exports, which ends them at once and well.
func (sh *shell) stops() {
	sh.t.Helper()
	unit := `vblade@disk\x2d0`
	if got := sh.run("systemctl show -P StatusText '" + unit + "'"); !strings.Contains(got, "e9.0") {
		sh.t.Errorf("its status is %q, want e9.0 and its counters", got)
	}
	sh.run("systemctl stop vblade")
	for _, u := range []string{unit, "vblade@late"} {
		sh.is(u, "ActiveState", "inactive")
		sh.is(u, "Result", "success")
		sh.is(u, "ExecMainStatus", "0")
	}
	sh.t.Logf("the journal:\n%s", sh.run("journalctl -b -u 'vblade*'"))
}
