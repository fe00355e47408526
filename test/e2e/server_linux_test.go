// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"strings"
	"time"
)

// fleet is how many exports there are, one of them disk-0 and one that a guest works
// on (load).
const fleet = 40

// loadScript has a guest write and verify the disk of the load, past its page cache,
// until there is /tmp/enough. It ends at the first error.
var loadScript = `while [ ! -e /tmp/enough ]; do
		` + strings.Replace(fioJob, "--size=32m", "--size=2m", 1) + `--filename=/dev/etherd/e9.1 || exit 1
		echo >>/tmp/rounds
	done`

// workMore waits until the disk was written and verified from beginning to end.
const workMore = `rounds() { wc -l </tmp/rounds; }
	was=$(rounds); until [ $(rounds) -ge $((was + 2)) ]; do sleep 0.1; done`

// addFleet gives the system forty conf files, with disk-0's, of small files.
func (d *debian) addFleet() {
	d.t.Helper()
	for i := 1; i < fleet; i++ {
		name := fmt.Sprintf("many%d", i)
		if i == 1 {
			name = "load"
		}
		d.write("etc/vblade.conf.d/"+name+".conf", fmt.Sprintf("shelf=9\nslot=%d\nnetif=eth0\nfilename=/srv/%s.img\n", i, name), 0o644)
	}
	d.run(`truncate -s 4M /srv/load.img; for i in $(seq 2 39); do truncate -s 64K /srv/many$i.img; done`)
}

// keepsFleet upgrades Debian's package to ours, and has the server killed, restarted
// and upgraded, while a guest works on a disk: all exports stay, no unit changes its
// state but by the first upgrade, and the guest sees no error. It returns what has been
// set of e9.0, and was kept.
func (tg *target) keepsFleet(g *shell) *settings {
	tg.t.Helper()
	g.appears("etherd/e9.1")
	g.run("rm -f /tmp/enough; : >/tmp/rounds; dmesg -c >/dev/null")
	load, err := g.start(loadScript)
	if err != nil {
		tg.t.Fatal(err)
	}
	g.run(workMore)
	tg.run("dpkg -i /ours.deb")
	tg.serveFleet()
	g.run(workMore)
	tg.is(diskUnit, "SubState", "exited")
	tg.run("[ $(pgrep -xc vblade) = 1 ]; [ \"$(ps -o user= " + mainPID("vblade") + ")\" = vblade ]")
	tg.shares(mainPID("vblade"), 1) // the sandbox leaves it the ring to receive by

	kept := tg.site.set(tg.t, "br0", g)
	tg.run("systemctl stop vblade@many2")
	before := tg.states()
	for _, how := range []string{"kill -KILL " + mainPID("vblade"), "systemctl restart vblade", "dpkg -i /ours.deb"} {
		tg.comesBack(how)
		kept.hold(how)
		g.run(workMore)
		if got := tg.states(); got != before {
			tg.t.Errorf("after %s the units' states are\n%s, want\n%s", how, got, before)
		}
	}
	tg.run("systemctl start vblade@many2")
	g.run(workMore + "; touch /tmp/enough")
	if err := load.wait(commandLimit); err != nil {
		tg.t.Fatal(err)
	}
	if load.status != 0 {
		tg.t.Errorf("the work ended with status %d: %s", load.status, end(load.output))
	}
	g.run("rm /tmp/enough /tmp/rounds; ! dmesg | grep -i 'i/o error'")
	return kept
}

// states are the states of all exports' units, and since when.
func (tg *target) states() string {
	tg.t.Helper()
	return tg.run("systemctl show -p Id -p SubState -p StateChangeTimestampMonotonic 'vblade@*'")
}

// countFleet is a command that counts what is served on the exports' files.
const countFleet = `vblade status 2>/dev/null | grep -c '^e9\.'`

// serveFleet waits until one server serves all of the fleet.
func (tg *target) serveFleet() {
	tg.t.Helper()
	tg.run(fmt.Sprintf("for try in $(seq 1200); do [ \"$(%s)\" -lt %d ] || break; sleep 0.1; done; [ \"$(%[1]s)\" = %[2]d ]", countFleet, fleet))
}

// comesBack does something to the server, and waits until another process serves all
// exports again, but for the one that was stopped.
func (tg *target) comesBack(how string) {
	tg.t.Helper()
	took := tg.run(fmt.Sprintf("was=%s; %s >/dev/null"+`; began=$(date +%%s%%N)
		for try in $(seq 300); do
			[ %[1]s = "$was" ] || [ "$(%[3]s)" != %[4]d ] || break
			sleep 0.1
		done
		[ "$(%[3]s)" = %[4]d ]
		echo $((($(date +%%s%%N) - began) / 1000000))ms`, mainPID("vblade"), how, countFleet, fleet-1))
	d, err := time.ParseDuration(strings.TrimSpace(took))
	if err != nil {
		tg.t.Fatal(err)
	}
	tg.t.Logf("%s: the disks are back after %v", how, d)
	if d > backLimit {
		tg.t.Errorf("%s: the disks are back after %v, want at most %v", how, d, backLimit)
	}
}

// backLimit bounds how long disks are gone. It is wide: the target is a virtual
// machine, whose processor is a program.
const backLimit = 60 * time.Second

// startsFleet checks that the boot has started all exports, and logs when the last of
// their units was active, from the start of the server on.
func (tg *target) startsFleet() {
	tg.t.Helper()
	tg.serveFleet()
	took := strings.TrimSpace(tg.run(`began=$(systemctl show -P ActiveEnterTimestampMonotonic vblade)
		last=$(systemctl show -P ActiveEnterTimestampMonotonic 'vblade@*' | sort -n | tail -n 1)
		echo $(((last - began) / 1000))ms`))
	tg.t.Logf("the units of %d exports are active %s after their server, on an emulated processor", fleet, took)
}

// changes has single exports started, stopped, asked for, and moved to another link
// and another address, as an administrator does.
func (tg *target) changes() {
	tg.t.Helper()
	tg.run("systemctl stop vblade@many2; ! vblade status e9.2; systemctl start vblade@many2; vblade status e9.2")
	if out := tg.refuses("vblade 9 2 eth0 /srv/many2.img"); !strings.Contains(out, "serves e9.2 on eth0 already") {
		tg.t.Errorf("what the server serves is served a second time: %s", out)
	}
	tg.run("systemctl restart 'vblade@many*'; systemctl status 'vblade@many*' >/dev/null; [ $(systemctl is-active 'vblade@many*' | grep -cx active) = 38 ]")
	others := `systemctl show -P StateChangeTimestampMonotonic 'vblade@many?'`
	before := tg.run(others)
	tg.run("sed -i s/netif=.*/netif=eth0,wire0/ /etc/vblade.conf.d/many39.conf; systemctl reload vblade@many39; vblade status e9.39 | grep wire0")
	tg.run("sed -i s/slot=.*/slot=139/ /etc/vblade.conf.d/many39.conf; systemctl restart vblade@many39; vblade status e9.139; ! vblade status e9.39")
	tg.run("sed -i s/slot=.*/slot=39/ /etc/vblade.conf.d/many39.conf; systemctl restart vblade; vblade status e9.39; ! vblade status e9.139")
	if after := tg.run(others); after != before {
		tg.t.Errorf("the other units' states have changed: %s, before %s", after, before)
	}
}

// startsOne has the unit of one export start the server, which it does from its
// sandbox, and no other export; then the server's unit starts those.
func (tg *target) startsOne() {
	tg.t.Helper()
	tg.run("systemctl stop vblade; systemctl start vblade@many2; vblade status e9.2; ! vblade status e9.3")
	tg.run("systemctl start vblade; for try in $(seq 600); do ! vblade status e9.3 >/dev/null 2>&1 || break; sleep 0.1; done; vblade status e9.3")
}
