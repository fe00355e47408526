// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"strings"
	"time"
)

// The disks of the server of all exports, and the packages' unit that runs it.
const (
	serverUnit  = "vblade-server"
	serverDisks = "/srv/plain.img /srv/sync.img"
)

// readScript has a guest read two disks again and again, past its page cache, until
// there is /tmp/enough. It ends at the first error or wrong sum.
const readScript = `set -e -o pipefail
	until [ -e /tmp/enough ]; do
		for disk in 5 6; do dd if=/dev/etherd/e9.$disk iflag=direct bs=64k status=none; done | sha256sum >/tmp/now
		[ -e /tmp/first ] || cp /tmp/now /tmp/first
		cmp /tmp/now /tmp/first
		echo >>/tmp/reads
	done`

// readMore waits until the disks were read once from beginning to end.
const readMore = `reads() { wc -l </tmp/reads; }
	was=$(reads); until [ $(reads) -ge $((was + 2)) ]; do sleep 0.1; done`

// keepsDisks has the one server of all exports serve two disks, which a guest reads
// all the time. It is killed and restarted: systemd keeps the disks for it, and no
// file is opened, for theirs have other names by then.
func (tg *target) keepsDisks(g *shell) {
	tg.t.Helper()
	tg.is(serverUnit, "UnitFileState", "disabled")
	want := tg.addDisks()
	g.run("aoe-discover; rm -f /tmp/enough /tmp/first; : >/tmp/reads; dmesg -c >/dev/null")
	g.appears("etherd/e9.5")
	g.appears("etherd/e9.6")
	reading, err := g.start(readScript)
	if err != nil {
		tg.t.Fatal(err)
	}
	g.run(readMore)
	tg.comesBack("kill -KILL " + mainPID(serverUnit))
	g.run(readMore)
	tg.is(serverUnit, "NRestarts", "1")
	tg.comesBack("systemctl restart " + serverUnit)
	g.run(readMore + "; touch /tmp/enough")
	if err := reading.wait(commandLimit); err != nil {
		tg.t.Fatal(err)
	}
	if reading.status != 0 {
		tg.t.Errorf("the reading ended with status %d: %s", reading.status, end(reading.output))
	}
	if got := g.run("cat /tmp/first; rm /tmp/enough /tmp/first /tmp/now /tmp/reads"); !strings.HasPrefix(got, want+" ") {
		tg.t.Errorf("what was read has the sum %s, want %s", got, want)
	}
	g.run("! dmesg | grep -i 'i/o error'")
	tg.dismissed()
}

// addDisks starts the server, adds two disks to it and takes their names away. It
// returns the sum of both.
func (tg *target) addDisks() string {
	tg.t.Helper()
	tg.run("systemctl start " + serverUnit + "; for disk in " + serverDisks + "; do head -c 1M /dev/urandom >$disk; done")
	tg.run("vblade add 9 5 eth0 /srv/plain.img; vblade add -s 9 6 eth0 /srv/sync.img")
	tg.run("for disk in " + serverDisks + "; do mv $disk $disk.away; done")
	tg.is(serverUnit, "NFileDescriptorStore", "70")
	sum, _, _ := strings.Cut(tg.run("cat /srv/plain.img.away /srv/sync.img.away | sha256sum"), " ")
	return sum
}

// comesBack does something to the server, and waits until another process serves
// both disks.
func (tg *target) comesBack(how string) {
	tg.t.Helper()
	took := tg.run("was=" + mainPID(serverUnit) + "; " + how + `; began=$(date +%s%N)
		for try in $(seq 300); do
			[ ` + mainPID(serverUnit) + ` = "$was" ] || [ "$(vblade status 2>/dev/null | grep -c /srv/)" != 2 ] || break
			sleep 0.1
		done
		[ "$(vblade status | grep -c /srv/)" = 2 ]
		echo $((($(date +%s%N) - began) / 1000000))ms`)
	d, err := time.ParseDuration(strings.TrimSpace(took))
	if err != nil {
		tg.t.Fatal(err)
	}
	tg.t.Logf("%s: the disks are back after %v", how, d)
	if d > backLimit {
		tg.t.Errorf("%s: the disks are back after %v, want %v at the most", how, d, backLimit)
	}
}

// backLimit bounds how long disks are gone. It is wide: the target is a virtual
// machine, whose processor is a program.
const backLimit = 60 * time.Second

// dismissed checks that a disk can be removed, that the server ends well, and that
// nothing is kept of it then.
func (tg *target) dismissed() {
	tg.t.Helper()
	tg.shares(mainPID(serverUnit), 1) // the sandbox leaves it the ring to receive by
	tg.run("vblade remove e9.6")
	tg.is(serverUnit, "NFileDescriptorStore", "2")
	tg.run("systemctl stop " + serverUnit)
	tg.is(serverUnit, "Result", "success")
	tg.is(serverUnit, "NFileDescriptorStore", "0")
	tg.t.Logf("the server's journal:\n%s", tg.journal(serverUnit))
}
