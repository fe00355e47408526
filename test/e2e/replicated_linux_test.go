// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestReplicated has two guests keep one disk twice, by DRBD, and one of them serve
// it, by an address that moves along, to a third, which writes all the time. The
// disk moves as planned, and then because a host crashes.
func TestReplicated(t *testing.T) {
	root := nodeRoot(t, "cluster", pacemakerPackages)
	s := newSite(t, buildLedger(t),
		filepath.Join(root, "usr/sbin/drbdadm"), filepath.Join(root, "usr/sbin/drbdmeta"), filepath.Join(root, "usr/sbin/drbdsetup"),
		filepath.Join(root, "lib/drbd/drbdadm-84"), filepath.Join(root, "lib/drbd/drbdsetup-84"))
	var hosts [2]*shell
	for i := range hosts {
		hosts[i] = s.newHost(t, fmt.Sprint("tap", i+1), drive(emptyDisk(t, 64<<20))...)
	}
	g := s.guest(t, "tap0", 1500)
	s.bridge(t, "br0", "tap0", "tap1", "tap2")
	for i, h := range hosts {
		h.replicates(i + 1)
	}
	for _, h := range hosts {
		h.run("until drbdadm cstate disk0 | grep -x Connected; do sleep 0.1; done")
	}
	hosts[0].run(recipe(t, "DRBD, on one host, once"))
	hosts[0].servesReplicated()
	l := g.keepsLedger()

	l.gap()
	hosts[0].servesNoMore()
	hosts[0].run("drbdadm secondary disk0")
	hosts[1].servesReplicated()
	l.goesOn()
	l.within("planned move", movingGap)

	hosts[0].run("drbdadm dstate disk0 | grep -x UpToDate/UpToDate")
	hosts[1].kill()
	hosts[0].run("until drbdadm primary disk0 2>/dev/null; do sleep 0.05; done") // DRBD has noticed
	hosts[0].servesReplicated()
	l.goesOn()
	l.within("crash", movingGap)
	l.closes()
}

// newHost boots a guest that is to serve, on a tap device, with further arguments of
// qemu's.
func (s *site) newHost(t *testing.T, tap string, more ...string) *shell {
	t.Helper()
	s.tap(t, tap)
	t.Cleanup(func() { s.run(t, "ip", "link", "del", tap) })
	g, err := bootGuest(s.host, s.boot, tap, more...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the console of the guest on %s ends:\n%s", tap, g.console())
		}
		g.kill()
	})
	return &shell{t, g}
}

// drive are the arguments of qemu's for a guest with a disk, which may be another
// guest's, too.
func drive(disk string) []string {
	return []string{"-drive", "file=" + disk + ",file.locking=off,if=virtio,format=raw,cache=unsafe"}
}

// replicates makes the guest host i of a replicated disk.
func (sh *shell) replicates(i int) {
	sh.t.Helper()
	sh.run(fmt.Sprintf(`hostname node%d
		ip link set eth0 up; ip address add 10.9.0.%d/24 dev eth0
		modprobe drbd; modprobe macvlan
		mkdir -p /etc/drbd.d /var/lib/drbd /run/lock /var/run /var/lock
		echo 'include "drbd.d/*.res";' >/etc/drbd.conf
		cat >/etc/drbd.d/disk0.res <<'END'
%sEND
%s`, i, i, recipe(sh.t, "/etc/drbd.d/disk0.res", "/dev/vg0/disk0", "/dev/vda"), recipe(sh.t, "DRBD, on both hosts")))
}

// servesReplicated has the guest serve the replicated disk.
func (sh *shell) servesReplicated() {
	sh.t.Helper()
	sh.servesBy(recipe(sh.t, "DRBD, the host that serves"))
}

// servesBy has the guest run commands, the last of which is vblade, until that serves.
func (sh *shell) servesBy(commands string) {
	sh.t.Helper()
	sh.run(serving(commands))
}

// serving is a script that runs commands, the last of which is vblade, until that serves.
// It waits without programs, which would take the CPU of the guest from vblade.
func serving(commands string) string {
	return rests + ": >/run/vblade.log\n" + strings.TrimSuffix(commands, "\n") + ` >/run/vblade.log 2>&1 8<&- &
		echo $! >/run/vblade.pid
		for try in $(seq 1500); do
			while read -r word _; do [ "$word" != pid ] || exit 0; done </run/vblade.log
			kill -0 $! || break
			rest
		done
		cat /run/vblade.log; exit 1`
}

// servesNoMore ends the vblade that the guest runs.
func (sh *shell) servesNoMore() {
	sh.t.Helper()
	sh.run(endServing)
}

// endServing is a script that ends the vblade that serving has started.
const endServing = rests + "read -r pid </run/vblade.pid; kill $pid; while kill -0 $pid 2>/dev/null; do rest; done\n"

// rests begins a script of bash that rests now and then, without a program: nobody ever
// writes to the pipe.
const rests = "[ -p /run/rest ] || mkfifo /run/rest; exec 8<>/run/rest; rest() { read -r -t 0.02 -u 8 || :; }\n"
