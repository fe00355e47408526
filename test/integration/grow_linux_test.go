// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"os"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/test/lab"
)

// awaitAdvertised waits until e9.slot is advertised at the wire's other end.
func awaitAdvertised(t *testing.T, st *lab.Station, slot uint8) {
	t.Helper()
	heard, err := lab.Hear(patience, []*lab.Station{st}, func(_ int, b []byte) bool {
		f := aoe.Frame(b)
		return f.Command() == aoe.CommandConfig && f.Has(aoe.FlagResponse) && f.Tag() == 0 && f.Shelf() == 9 && f.Slot() == slot
	})
	if err != nil || !heard {
		t.Fatalf("e9.%d is not advertised: %v", slot, err)
	}
}

// TestGrownFile has a file that nobody uses grow, and be cut short: it is logged and
// advertised. A window of a fixed length does not grow.
func TestGrownFile(t *testing.T) {
	s := newSite(t, 1500)
	st := s.far.Station(t, "ini0")
	v, log := s.startLogged()
	awaitAdvertised(t, st, 0)
	const sectors = diskSize / sectorSize
	before := sectors
	for _, now := range []int{2 * sectors, 100, sectors} {
		s.must(0, os.Truncate(s.image, int64(now)*sectorSize))
		awaitAdvertised(t, st, 0)
		log.expect(fmt.Sprintf("vblade: e9.0: the disk has %d sectors now, not %d", now, before))
		before = now
	}
	log.stop(v)

	v, log = s.startLogged("-l", "200")
	awaitAdvertised(t, st, 0)
	s.must(0, os.Truncate(s.image, 2*diskSize))
	s.must(0, os.Truncate(s.image, 100*sectorSize))
	awaitAdvertised(t, st, 0)
	log.expect("vblade: e9.0: the disk has 100 sectors now, not 200")
	s.must(0, os.Truncate(s.image, 2*diskSize))
	awaitAdvertised(t, st, 0)
	log.expect("vblade: e9.0: the disk has 200 sectors now, not 100")
	log.stop(v)
}

// TestAnnounce has a server advertise an export again: when it is asked to, and every
// second.
func TestAnnounce(t *testing.T) {
	s := newServing(t)
	st := s.far.Station(t, "ini0")
	s.must("add", "9", "0", "tgt0", s.disk("disk0"))
	awaitAdvertised(t, st, 0)
	for _, args := range [][]string{{"e9.0"}, nil} {
		if out := s.must("announce", args...); out != "" {
			t.Errorf("announce prints %q", out)
		}
		awaitAdvertised(t, st, 0)
	}
	s.must("add", "--announce", "1", "9", "1", "tgt0", s.disk("disk1"))
	for range 3 {
		awaitAdvertised(t, st, 1)
	}
	if out, err := s.ask("announce", "e9.2"); err == nil {
		t.Errorf("announcing what is not there prints %q", out)
	}
	s.ip("link set tgt0 down")
	const want = "vblade: tgt0: the interface is down; what is served there is announced once the link is back\n"
	out, late := "", time.Now().Add(patience)
	for out != want && time.Now().Before(late) { // the server may not have heard of it yet
		out = s.must("announce", "e9.0")
	}
	if out != want {
		t.Errorf("with the link down announce prints %q; want %q", out, want)
	}
}
