// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// crew is how many calls of vblade's can wait for a disk at once.
const crew = 64

// leadRounds is how often TestLead puts vblade to the test: who takes what is a
// matter of chance.
const leadRounds = 3

// TestLead has a disk hang with one call fewer than vblade makes at once, and then
// gives it a read and a write in one batch. Whoever is kept by them, somebody still
// answers: there is always a leader.
func TestLead(t *testing.T) {
	for i := range leadRounds {
		t.Run(fmt.Sprint(i), testLead)
	}
}

// testLead is a round of TestLead.
func testLead(t *testing.T) {
	s := newSite(t, 1500)
	disk := s.slowDisk()
	v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", disk.Path())
	target := s.find(aoe.MAC{})
	st := s.far.Station(t, "ini0")
	read := func(n uint64) aoe.Frame { return ataRequest(st, target.MAC, ata.ReadExt, 1, 2*n, nil) }
	disk.Hang(slowdisk.Read)
	disk.Hang(slowdisk.Write)
	before, all := disk.Entered(slowdisk.Read), true
	for n := range uint64(crew - 1) {
		s.must(0, st.Send(read(n)))
		if all && !disk.Await(slowdisk.Read, before+int64(n)+1, 2*time.Second) {
			t.Logf("only %d reads come to the disk at once", n)
			all = false
		}
	}
	s.atOnce(v, st, read(crew), ataRequest(st, target.MAC, ata.WriteExt, 1, 2*crew+100, make([]byte, sectorSize)))
	for range 3 {
		if _, err := s.open("ini0", initiator.Options{Patience: patience}).Find(9, 0); err != nil {
			t.Fatalf("nobody answers: %v", err)
		}
	}
	disk.Release(slowdisk.Read)
	disk.Release(slowdisk.Write)
	s.must(target.ReadAt(make([]byte, diskSize/8), 0))
	if err := v.Stop(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, v.Stderr())
	}
}

// atOnce sends frames to a target that stands still meanwhile: it finds them all
// when it goes on.
func (s *site) atOnce(v *lab.Process, st *lab.Station, frames ...aoe.Frame) {
	s.t.Helper()
	s.must(0, v.Suspend())
	defer v.Signal(unix.SIGCONT)
	for _, f := range frames {
		s.must(0, st.Send(f))
	}
}
