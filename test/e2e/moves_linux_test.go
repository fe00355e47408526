// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"vblade/test/lab"
)

// longestGap is how long a guest may wait for a disk that moves to another host with
// its address, unless this machine is busy. It takes a second or two on one that does
// little else; with an address that stays behind, more than 10.
const longestGap = 6 * time.Second

// blockSize is what the guest writes at a time, in bytes.
const blockSize = 1024

// writeScript writes the number of each block into it, one after the other, until there
// is /tmp/enough. It prints how long it has waited for one, in milliseconds, where that
// was longer than half a second, and at last how many it has written. It keeps the
// device open: when it is closed, the driver forgets how fast the target answers, and
// waits for 16 seconds before it repeats a request. It learns that from some hundred
// answers.
const writeScript = `exec 9</dev/etherd/e9.0; dd bs=64k count=32 of=/dev/null <&9 2>/dev/null
stamp() { read -r now _ </proc/uptime; now=${now/./}0; }
n=0; stamp; last=$now
until [ -e /tmp/enough ]; do
	printf '%-1024d' $n | dd of=/dev/etherd/e9.0 bs=1k seek=$n oflag=direct conv=notrunc 2>/dev/null || exit 1
	stamp; [ $((now - last)) -lt 500 ] || echo gap $((now - last))
	last=$now; n=$((n + 1)); echo $n >/tmp/written
done
echo blocks $n`

// movers is two hosts on a bridge that serve one disk in turn, and a guest that writes
// to it.
type movers struct {
	*site
	t     *testing.T
	guest *shell
	hosts [2]*site
	at    int // the host that serves
	blade *blade
	disk  string
	work  *job
	busy  busy // since the guest writes
}

// moves has a guest write to a disk that moves from one host to another and back with
// its address: as it is stopped, and as it is killed, which leaves an interface with the
// address on the host that serves no more.
func (s *site) moves(t *testing.T) {
	m := &movers{site: s, t: t, busy: busy{t: t}, guest: s.guest(t, "tap0", 1500), disk: emptyDisk(t, 64<<20)}
	s.bridge(t, "br0", "tap0")
	for i := range m.hosts {
		h, port := lab.TestHost(t), fmt.Sprint("port", i)
		if err := s.host.WireTo(h, port, "eth0", 1500); err != nil {
			t.Fatal(err)
		}
		s.run(t, "ip", "link", "set", port, "master", "br0")
		m.hosts[i] = &site{host: h, vblade: s.vblade}
	}
	m.serve()
	m.begin()
	m.move("stopped", (*blade).stop)
	m.move("stopped and moved back", (*blade).stop)
	m.move("killed", (*blade).kill)
	m.move("stopped and moved to where it was killed", (*blade).stop)
	m.finish()
}

// serve has the host whose turn it is serve the disk.
func (m *movers) serve() {
	m.t.Helper()
	m.blade = m.hosts[m.at].export(m.t, "--hwaddr", "auto", "-s", "9", "0", "eth0", m.disk)
}

// move ends the serving on one host and begins it on the other.
func (m *movers) move(how string, end func(*blade)) {
	m.t.Helper()
	end(m.blade)
	m.at = 1 - m.at
	m.serve()
	m.goesOn(how)
}

// begin has the guest begin to write.
func (m *movers) begin() {
	m.t.Helper()
	m.guest.run("rm -f /tmp/enough /tmp/written; modprobe aoe aoe_iflist=eth0")
	m.guest.appears("etherd/e9.0")
	m.guest.run("dmesg -c >/dev/null")
	m.busy.begin()
	var err error
	if m.work, err = m.guest.start(writeScript); err != nil {
		m.t.Fatal(err)
	}
	m.goesOn("at first")
}

// goesOn waits until the guest has written some blocks more.
func (m *movers) goesOn(after string) {
	m.t.Helper()
	began := time.Now()
	m.guest.run("written() { until read -r n </tmp/written; do sleep 0.1; done 2>/dev/null; }\n" +
		"written; was=$n; until [ $n -gt $((was + 10)) ]; do sleep 0.1; written; done")
	m.t.Logf("%s: 10 more blocks after %v", after, time.Since(began).Round(100*time.Millisecond))
}

// finish ends the writing, and checks that no wait was too long and no block is wrong.
func (m *movers) finish() {
	m.t.Helper()
	m.guest.run("touch /tmp/enough")
	if err := m.work.wait(commandLimit); err != nil {
		m.t.Fatal(err)
	}
	if m.work.status != 0 {
		m.t.Errorf("the guest could not write; it printed:\n%s", m.work.output)
	}
	most := longestGap + m.busy.allowance()
	for line := range strings.Lines(m.work.output) {
		f := strings.Fields(line)
		n, err := strconv.Atoi(f[len(f)-1])
		switch {
		case err != nil:
			m.t.Errorf("the guest printed %q", line)
		case f[0] == "blocks":
			m.checkBlocks(n)
		case time.Duration(n)*time.Millisecond > most:
			m.t.Errorf("the guest waited %d ms for a block; want at most %v", n, most)
		default:
			m.t.Logf("the guest waited %d ms for a block", n)
		}
	}
	if out, status := m.guest.try("dmesg | grep -iE 'i/o error|aoe: device'"); status == 0 {
		m.t.Errorf("the guest's kernel complains:\n%s", out)
	}
	m.guest.unloads()
	m.blade.stop()
}

// checkBlocks checks that each of so many blocks holds its number.
func (m *movers) checkBlocks(blocks int) {
	m.t.Helper()
	content, err := os.ReadFile(m.disk)
	if err != nil {
		m.t.Fatal(err)
	}
	for i := range blocks {
		got := content[i*blockSize : (i+1)*blockSize]
		if want := fmt.Appendf(nil, "%-*d", blockSize, i); !bytes.Equal(got, want) {
			m.t.Errorf("block %d begins with %q", i, got[:16])
		}
	}
	m.t.Logf("%d blocks are right", blocks)
}
