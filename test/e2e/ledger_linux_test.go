// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// acknowledged is how many blocks a guest writes to show that its disk works.
const acknowledged = 50

// buildLedger builds the program guest/ledger and returns its place.
func buildLedger(t *testing.T) string {
	t.Helper()
	requested(t)
	program := filepath.Join(t.TempDir(), "ledger")
	cmd := exec.Command("go", "build", "-o", program, "./guest/ledger")
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the ledger: %v\n%s", err, out)
	}
	return program
}

// ledger is a ledger that runs in a guest, on a file system on /dev/etherd/e9.0.
type ledger struct {
	*shell
	job  *job
	busy busy // since the last gap
}

// keepsLedger has the guest find the disk by its eth0 and keep a ledger on it.
func (sh *shell) keepsLedger() *ledger {
	sh.t.Helper()
	sh.run("modprobe aoe aoe_iflist=eth0")
	sh.appears("etherd/e9.0")
	return sh.beginsLedger()
}

// beginsLedger has the guest make a file system on the disk, which it has found, and
// begin to write there. It reads first: from some hundred answers the driver learns how
// soon to repeat a request, which is a second at first. The file system is made whole,
// or the kernel would go on making it, and the ledger wait for that, too.
func (sh *shell) beginsLedger() *ledger {
	sh.t.Helper()
	sh.run(`mkfs -t ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/etherd/e9.0; mount -t ext4 /dev/etherd/e9.0 /mnt
		dd if=/dev/etherd/e9.0 of=/dev/null bs=64k count=32 iflag=direct 2>/dev/null
		dmesg -c >/dev/null; rm -f /run/ledger.*`)
	job, err := sh.start("ledger /mnt/ledger /run/ledger.count /run/ledger.stop >/run/ledger.log & echo $! >/run/ledger.pid; wait $!; status=$?; cat /run/ledger.log; exit $status")
	if err != nil {
		sh.t.Fatal(err)
	}
	l := &ledger{sh, job, busy{t: sh.t}}
	l.goesOn()
	l.gap()
	return l
}

// goesOn waits until the guest has written more.
func (l *ledger) goesOn() {
	l.t.Helper()
	l.run(fmt.Sprintf(`count() { cat /run/ledger.count 2>/dev/null || echo 0; }
		for try in $(seq 300); do [ -s /run/ledger.count ] && break; sleep 0.1; done
		was=$(count); until [ "$(count)" -ge $((was + %d)) ]; do kill -0 $(cat /run/ledger.pid); sleep 0.1; done`, acknowledged))
}

// gap returns the longest time between two acknowledgements since it was asked last,
// by the guest's clock.
func (l *ledger) gap() time.Duration {
	l.t.Helper()
	text := l.run(`lines=$(wc -l </run/ledger.log); kill -USR1 $(cat /run/ledger.pid)
		until [ $(wc -l </run/ledger.log) -gt $lines ]; do kill -0 $(cat /run/ledger.pid); sleep 0.05; done; tail -n 1 /run/ledger.log`)
	ms, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		l.t.Fatal(err)
	}
	l.busy.begin()
	return time.Duration(ms) * time.Millisecond
}

// within checks how long the guest has waited for an acknowledgement since the last
// gap, in which something has happened. It may have waited longer on a machine that
// has other work, or got less than its CPUs: unless that is overloaded, not for the 10 s
// after which the driver uses another address.
func (l *ledger) within(event string, most time.Duration) {
	l.t.Helper()
	most += l.busy.allowance()
	gap := l.gap()
	l.t.Logf("%s: %v without I/O, of %v", event, gap, most)
	if gap > most {
		l.t.Errorf("%s: %v without I/O; want at most %v", event, gap, most)
	}
}

// closes ends the ledger: no write has failed, the disk holds what was acknowledged,
// and the file system is whole.
func (l *ledger) closes() {
	l.t.Helper()
	total := strings.TrimSpace(l.run("cat /run/ledger.count; : >/run/ledger.stop"))
	if err := l.job.wait(commandLimit); err != nil {
		l.t.Fatal(err)
	}
	if l.job.status != 0 {
		l.t.Errorf("the ledger ended with status %d:\n%s", l.job.status, end(l.job.output))
	}
	l.t.Logf("%s blocks were acknowledged", total)
	l.run("umount /mnt; e2fsck -fn /dev/etherd/e9.0")
	l.complainsNot()
	l.unloads()
}
