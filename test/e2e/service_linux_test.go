// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// The exports of the target that are no fleet: one that Debian's package can serve as
// well, of another user's file in an uncommon place; one that waits for its
// interface, of a block device, with a process of its own; one whose disk is not there
// yet; two that are wrong.
const (
	diskConf  = "shelf=9\nslot=0\nnetif=eth0\nfilename=/data/disk.img\noptions='-b 32'\n"
	lateConf  = "shelf=9\nslot=200\nnetif=wire0\nfilename=/dev/vda\noptions='-r --metrics 127.0.0.1:9100'\nionice='-c1'\n"
	awayConf  = "shelf=9\nslot=201\nnetif=eth0\nfilename=/srv/away.img\n"
	wrongConf = "shelf=9\nnetif=eth0\nfilename=/data/disk.img\n"
	lostConf  = "shelf=9\nslot=255\nnetif=eth0\nfilename=/data/disk.img\n"
)

// diskUnit is the unit of disk-0.conf.
const diskUnit = `vblade@disk\x2d0`

// service is the life of a host's exports with systemd: forty are served by Debian's
// package, then by the one server of ours without a change to a conf file. It is
// killed, restarted and upgraded while another host writes and verifies; then the
// host is rebooted, and single exports come, go and change. What initiators have set
// outlives all of that.
func (s *site) service(t *testing.T) {
	d := s.newDebian(t)
	d.addPackages()
	d.installs()
	image := randomDisk(t, 1<<20, 3)
	want := sumOfFile(t, image)
	d.add(image, "data/disk.img", 0o600)
	d.write("etc/vblade.conf.d/disk-0.conf", diskConf, 0o644)
	d.addFleet()
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
	kept := target.keepsFleet(g)
	serves("after the upgrades")

	for name, conf := range map[string]string{"late": lateConf, "away": awayConf, "wrong": wrongConf, "lost": lostConf} {
		target.run("cat >/etc/vblade.conf.d/" + name + ".conf <<'END'\n" + conf + "END\n")
	}
	target.reboots()
	serves("after a reboot")
	kept.hold("a reboot")
	target.run("[ \"$(stat -c '%U %a' /var/lib/vblade/e9.0.state)\" = 'root 600' ]; systemctl restart '" + diskUnit + "'")
	kept.hold("a restart of its unit")
	target.startsFleet()
	target.waits()
	target.isWatched()
	target.changes()
	target.startsOne()
	target.survives()
	target.hasOwnAddress(g)
	serves("at the end")
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
	d.run(`printf "own_process=yes\n" >>/etc/vblade.conf.d/sysv.conf
		sed 's/slot=7/slot=8/; /own_process/d' /etc/vblade.conf.d/sysv.conf >/etc/vblade.conf.d/shared.conf
		truncate -s 1M '/srv/sysv disk.2'; sed -i "s/sysv disk/&.2/" /etc/vblade.conf.d/shared.conf
		/etc/init.d/vblade start
		/etc/init.d/vblade status
		read -r server </run/vblade-server.pid
		read -r pid </run/vblade/sysv.pid
		[ "$(readlink "/proc/$pid/exe")" = /usr/sbin/vblade ]
		/etc/init.d/vblade status shared
		vblade status | grep '^e9\.8 '
		! vblade status | grep '^e9\.7 '
		/etc/init.d/vblade restart
		/etc/init.d/vblade status sysv shared
		! kill -0 "$pid"
		! kill -0 "$server"
		/etc/init.d/vblade stop shared
		! /etc/init.d/vblade status shared
		/etc/init.d/vblade stop
		! /etc/init.d/vblade status
		[ ! -e /run/vblade/sysv.pid ]
		/etc/init.d/vblade stop`)
	d.run("sed -i s/slot=8/slot=x/ /etc/vblade.conf.d/shared.conf; ! /etc/init.d/vblade start 2>/tmp/why; grep 'shared.conf: slot \"x\" is not a number' /tmp/why; /etc/init.d/vblade stop")
	d.run("dpkg -r vblade; test -e /etc/vblade.conf.d/sysv.conf; dpkg -P vblade; test -e /etc/vblade.conf.d/sysv.conf")
	d.run("rm -r /etc/vblade.conf.d /run/vblade '/srv/sysv disk' '/srv/sysv disk.2'")
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
// then has what its conf file asks for; that the one without a disk is served once
// there is one; and that the wrong ones fail and say what is wrong.
func (tg *target) waits() {
	tg.t.Helper()
	const late = "vblade@late"
	tg.is(late, "ActiveState", "inactive")
	tg.is("vblade@away", "SubState", "auto-restart")
	tg.run("truncate -s 1M /srv/away.img")
	tg.run("ip link add wire0 type veth peer name wire1; ip link set wire1 up; ip link set wire0 up; systemctl start " + late)
	tg.is(late, "ActiveState", "active")
	tg.run("ionice -p " + mainPID(late) + " | grep -x 'realtime: prio 4'")
	tg.shares(mainPID(late), 2) // the sandbox leaves it both fast ways
	tg.run(`exec 5<>/dev/tcp/127.0.0.1/9100; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&5; grep vblade_ <&5`)
	if got := tg.journal(late); !strings.Contains(got, "e9.200, 2097152 sectors O_RDONLY") {
		tg.t.Errorf("the late export logs:\n%s", got)
	}
	for unit, want := range map[string]string{
		"vblade@wrong": "vblade: /etc/vblade.conf.d/wrong.conf: slot is not set\n",
		"vblade@lost":  "vblade: /etc/vblade.conf.d/lost.conf: slot 255 is out of range; give 0 to 254\n",
	} {
		tg.is(unit, "ActiveState", "failed")
		tg.is(unit, "NRestarts", "0")
		tg.is(unit, "ExecMainStatus", "78")
		if got := tg.run("journalctl -b -o cat -p err -t vblade -u " + unit); got != want {
			tg.t.Errorf("%s logs as errors %q, want %q", unit, got, want)
		}
	}
	tg.run("for try in $(seq 300); do [ \"$(systemctl show -P ActiveState vblade@away)\" != active ] || break; sleep 0.1; done")
	tg.is("vblade@away", "ActiveState", "active")
	if got := tg.journal("vblade@away"); !strings.Contains(got, "open /srv/away.img: no such file or directory") {
		tg.t.Errorf("the export without a disk logs:\n%s", got)
	}
}

// isWatched has the server serve its metrics by TCP, with the settings that
// docs/operating.md says.
func (tg *target) isWatched() {
	tg.t.Helper()
	tg.run(`d=/etc/systemd/system/vblade.service.d
		mkdir $d
		cat >$d/override.conf <<'END'
[Service]
ExecStart=
ExecStart=/usr/sbin/vblade serve --metrics 127.0.0.1:9654
RestrictAddressFamilies=AF_INET AF_INET6
IPAddressAllow=127.0.0.0/8
END
		systemctl daemon-reload
		systemctl restart vblade
		exec 5<>/dev/tcp/127.0.0.1/9654
		printf 'GET /metrics HTTP/1.0\r\n\r\n' >&5
		grep 'vblade_export_info{target="e9.0"' <&5
		rm -r $d
		systemctl daemon-reload
		systemctl restart vblade`)
}

// survives checks that an export with a process of its own comes back when that is
// killed and when it hangs.
func (tg *target) survives() {
	tg.t.Helper()
	const late = "vblade@late"
	for i, signal := range []string{"KILL", "STOP"} { // STOP: the watchdog kills it
		// The restart of the server has restarted it too; until that is done it has no process.
		tg.run("systemctl start " + late + "; was=" + mainPID(late) + "; [ $was != 0 ]; kill -" + signal + ` $was
			for try in $(seq 150); do
				[ ` + mainPID(late) + ` = $was ] || [ "$(systemctl show -P ActiveState ` + late + `)" != active ] || break
				sleep 0.1
			done`)
		tg.is(late, "ActiveState", "active")
		tg.is(late, "NRestarts", fmt.Sprint(i+1))
	}
}

// journalLimit bounds what all of this may write to the journal, in lines. Each time that
// the 40 exports end and begin again, their units and the server write some for each.
const journalLimit = 2000

// stops stops all exports, which end at once and well, and looks at the journal.
func (tg *target) stops() {
	tg.t.Helper()
	if got := tg.run("systemctl show -P StatusText vblade"); !strings.Contains(got, "exports") {
		tg.t.Errorf("its status is %q, want its exports and their counters", got)
	}
	tg.run("systemctl stop vblade")
	for _, unit := range []string{"vblade", diskUnit, "vblade@late", "vblade@away", "vblade@many39"} {
		tg.is(unit, "ActiveState", "inactive")
		tg.is(unit, "Result", "success")
	}
	tg.is("vblade", "NFileDescriptorStore", "0")
	journal := tg.run("journalctl -b -u 'vblade*'")
	tg.t.Logf("the journal:\n%s", end(journal))
	if n := strings.Count(journal, "\n"); n > journalLimit {
		tg.t.Errorf("the journal has %d lines, want at most %d", n, journalLimit)
	}
	if !strings.Contains(journal, "Watchdog timeout") {
		tg.t.Error("the journal says nothing of the watchdog")
	}
}
