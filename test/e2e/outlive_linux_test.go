// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

// flaps is how often the link goes down, flapTime how long it stays so.
const (
	flaps    = 10
	flapTime = 300 * time.Millisecond
)

// moreSectors is what a guest reads, and writes, to show that it works: twice as
// much as fio has outstanding of either, as a rule.
const moreSectors = 1024

// workScript has fio work again and again, until there is /tmp/enough. While there
// is /tmp/rest it rests, and /tmp/resting says so.
const workScript = "set -e; until [ -e /tmp/enough ]; do " +
	"while [ -e /tmp/rest ]; do touch /tmp/resting; sleep 0.1; done; rm -f /tmp/resting; " +
	fioJob + "--directory=/mnt --size=4m; echo verified; done"

// ordeal is a guest that works on a file system, and the vblade behind it, whose
// link a test takes away.
type ordeal struct {
	*site
	t     *testing.T
	guest *shell
	blade *blade
	disk  string
	work  *job   // that does workScript
	kept  string // the sum of a file that nobody touches
}

// outlives has fio write and verify files in the guest while all that stands
// between it and the disk fails for a while: the link, its interface, its MTU, and
// vblade itself. The guest sees no error, and keeps every byte.
func (s *site) outlives(t *testing.T) {
	o := s.newOrdeal(t, 9000)
	o.start()
	o.begin("eth0")
	o.flap()
	o.crash()
	o.changeMTU()
	o.replaceInterface()
	o.finish(func() { o.blade.stop() })
}

// newOrdeal starts a guest with a link of an MTU, and lays the wire that vblade is to
// serve a new disk on.
func (s *site) newOrdeal(t *testing.T, mtu int) *ordeal {
	t.Helper()
	o := &ordeal{site: s, t: t, guest: s.guest(t, "tap0", mtu), disk: emptyDisk(t, 128<<20)}
	s.bridge(t, "br0", "tap0")
	o.plug()
	t.Cleanup(func() { s.run(t, "ip", "link", "del", "tgt0") })
	return o
}

// begin has the guest use the disk by its interfaces, and begins the work.
func (o *ordeal) begin(netifs string) {
	o.t.Helper()
	g := o.guest
	g.run("modprobe aoe aoe_iflist='" + netifs + "'")
	g.appears("etherd/e9.0")
	g.run("mkfs -t ext4 -q /dev/etherd/e9.0; mount -t ext4 /dev/etherd/e9.0 /mnt")
	g.run("dd if=/dev/urandom of=/mnt/kept bs=1M count=4 conv=fsync; dmesg -c > /dev/null; rm -f /tmp/enough /tmp/resting")
	o.kept = g.sum("/mnt/kept")
	var err error
	if o.work, err = g.start(workScript); err != nil {
		o.t.Fatal(err)
	}
	o.goesOn("work begins")
}

// finish ends the work, which has met no error, and what served it.
func (o *ordeal) finish(stop func()) {
	o.t.Helper()
	o.guest.run("touch /tmp/enough")
	if err := o.work.wait(commandLimit); err != nil {
		o.t.Fatal(err)
	}
	o.guest.run("rm -f /tmp/enough /tmp/resting")
	if o.work.status != 0 {
		o.t.Errorf("fio ended with status %d; it printed:\n%s", o.work.status, end(o.work.output))
	}
	o.t.Logf("fio verified %d times", strings.Count(o.work.output, "verified\n"))
	o.checkWhole(stop)
}

// plug lays the wire that vblade serves on, from tgt0 to the bridge.
func (o *ordeal) plug() { o.plugInto(0) }

// plugInto lays wire i that vblade serves on, from its interface to bridge i.
func (o *ordeal) plugInto(i int) {
	o.t.Helper()
	end := fmt.Sprint("sw", i)
	if err := o.host.Wire(fmt.Sprint("tgt", i), end, 1500); err != nil {
		o.t.Fatal(err)
	}
	o.run(o.t, "ip", "link", "set", end, "master", fmt.Sprint("br", i))
}

// start starts vblade, so that what it acknowledged survives it and more.
func (o *ordeal) start() { o.blade = o.export(o.t, "-s", "9", "0", "tgt0", o.disk) }

// goesOn waits until the guest has read and written more than when it was called,
// by moreSectors each.
func (o *ordeal) goesOn(after string) {
	o.t.Helper()
	const count = "count() { read -r _ _ read _ _ _ written _ < /sys/block/etherd!e9.0/stat; }; "
	began := time.Now()
	o.guest.run(fmt.Sprintf(count+"count; was=$((read + %d)) wrote=$((written + %[1]d)); until [ $read -gt $was ] && [ $written -gt $wrote ]; do sleep 0.1; count; done", moreSectors))
	o.t.Logf("%s: more was read and written after %v", after, time.Since(began).Round(100*time.Millisecond))
}

// flap takes the link down and up again and again: at vblade's end, where the
// interface is down, and at the other one, where it loses its carrier.
func (o *ordeal) flap() {
	o.t.Helper()
	for i := range flaps {
		end := []string{"tgt0", "sw0"}[i%2]
		o.run(o.t, "ip", "link", "set", end, "down")
		time.Sleep(flapTime)
		o.run(o.t, "ip", "link", "set", end, "up")
		o.goesOn(fmt.Sprintf("flap %d", i+1))
	}
}

// crash kills vblade and starts it again.
func (o *ordeal) crash() {
	o.t.Helper()
	o.blade.kill()
	o.start()
	o.goesOn("kill and restart")
}

// changeMTU raises the MTU of vblade's wire under load, and lowers it again. The
// driver sends a frame again as it was: one too long for the wire would never be
// answered. So nothing is outstanding when it is lowered, and the file system is frozen
// until the driver knows: it writes by itself, too.
func (o *ordeal) changeMTU() {
	o.t.Helper()
	o.setMTU(9000)
	o.guest.run("until dmesg | grep -q 'setting 8704 byte data frames'; do sleep 0.1; done")
	o.goesOn("MTU 9000")
	o.guest.run("touch /tmp/rest; until [ -e /tmp/resting ]; do sleep 0.1; done; busybox fsfreeze --freeze /mnt; " +
		"until read -r r w < /sys/block/etherd!e9.0/inflight && [ $r = 0 ] && [ $w = 0 ]; do sleep 0.1; done")
	o.setMTU(1500)
	o.guest.run("until dmesg | grep -q 'setting 1024 byte data frames'; do sleep 0.1; done; busybox fsfreeze --unfreeze /mnt; rm /tmp/rest")
	o.goesOn("MTU 1500")
}

// setMTU sets the MTU of both ends of vblade's wire.
func (o *ordeal) setMTU(mtu int) {
	o.t.Helper()
	for _, end := range []string{"sw0", "tgt0"} {
		o.run(o.t, "ip", "link", "set", end, "mtu", strconv.Itoa(mtu))
	}
}

// replaceInterface deletes the interface under vblade and makes it anew, with
// another MAC.
func (o *ordeal) replaceInterface() {
	o.t.Helper()
	o.run(o.t, "ip", "link", "del", "tgt0")
	time.Sleep(flapTime)
	o.plug()
	o.goesOn("interface made anew")
}

// checkWhole checks that the guest saw no error, and that files and file system
// are as they should be, there and, once it serves no more, in vblade's file.
func (o *ordeal) checkWhole(stop func()) {
	o.t.Helper()
	g, kept := o.guest, o.kept
	g.run("echo 3 > /proc/sys/vm/drop_caches")
	g.holds("/mnt/kept", kept)
	g.run("umount /mnt; e2fsck -fn /dev/etherd/e9.0")
	g.complainsNot()
	g.unloads()
	stop()
	if got := sum(o.t, bytes.NewReader(fileInImage(o.t, o.disk, "/kept"))); got != kept {
		o.t.Errorf("in the exported file the data has the sum %s, want %s", got, kept)
	}
}

// complainsNot checks that the guest's kernel has met no error.
func (sh *shell) complainsNot() {
	sh.t.Helper()
	if out, status := sh.try("dmesg | grep -iE 'i/o error|ext4-fs error|ext4-fs warning|aoe: device|buffer i/o|ata error'"); status == 0 {
		sh.t.Errorf("the guest's kernel complains:\n%s", out)
	}
}
