// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"vblade/test/lab"
)

// usage is what a server says of an export and its initiators.
type usage struct {
	Exports []struct {
		Figures struct{ Repeated uint64 }
		Users   struct {
			Initiators []struct {
				MAC      string
				Requests uint64
			}
		}
	}
}

// usageOf asks a server for the usage of an export.
func usageOf(t *testing.T, server *lab.Server, name string) (u usage) {
	t.Helper()
	text, err := server.Status("--json", name)
	if err == nil {
		err = json.Unmarshal([]byte(text), &u)
	}
	if err != nil || len(u.Exports) != 1 {
		t.Fatalf("status of %s: %v: %s", name, err, text)
	}
	return u
}

// mostTold is how many of its messages the driver keeps.
const mostTold = 100

// tellsUsers has a guest use a disk of a server, which knows it by its MAC: nothing
// counts as repeated but what the driver says that it has sent again, though the same
// sectors are read again and again, past the guest's page cache, too.
func (s *site) tellsUsers(t *testing.T) {
	g := s.guest(t, "tap0", 1500)
	server := s.host.StartServer(t, s.vblade)
	if _, err := server.Add("9", "0", "tap0", emptyDisk(t, 64<<20)); err != nil {
		t.Fatal(err)
	}
	g.run("modprobe aoe aoe_iflist=eth0")
	g.appears("etherd/e9.0")
	g.run("mkfs -t ext4 -q /dev/etherd/e9.0; mount -t ext4 /dev/etherd/e9.0 /mnt")
	g.run("for i in 1 2 3 4 5; do dd if=/dev/urandom of=/mnt/data$i bs=64k count=16; sync; done")
	g.run("for i in 1 2 3; do echo 3 >/proc/sys/vm/drop_caches; cat /mnt/data* >/dev/null; done; umount /mnt")
	g.run("for i in $(seq 20); do dd if=/dev/etherd/e9.0 of=/dev/null bs=4k count=1 iflag=direct; dd if=/dev/etherd/e9.0 of=/dev/null bs=4k count=4; done")
	mac := strings.ReplaceAll(strings.TrimSpace(g.run("cat /sys/class/net/eth0/address")), ":", "")
	e := usageOf(t, server, "e9.0").Exports[0]
	if users := e.Users.Initiators; len(users) != 1 || users[0].MAC != mac || users[0].Requests < 1000 {
		t.Errorf("e9.0: %+v; want many requests of %s", e, mac)
	}
	told := g.run("timeout 2 cat /dev/etherd/err || true") // what the driver has sent again, when the host was busy
	if repeats := strings.Count(told, "retransmit e9.0 "); e.Figures.Repeated > uint64(repeats) && repeats < mostTold {
		t.Errorf("%d requests are repeated; the driver tells of %d:\n%s", e.Figures.Repeated, repeats, told)
	}
}
