// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// TestStartAndStop checks the line that scripts read, and the end by a signal.
func TestStartAndStop(t *testing.T) {
	s := newSite(t, 1500)
	v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	if want := fmt.Sprintf("pid %d: e9.0, %d sectors O_RDWR", v.Pid(), diskSize/sectorSize); v.Line != want {
		t.Errorf("printed %q, want %q", v.Line, want)
	}
	if err := v.Stop(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, v.Stderr())
	}
	v = s.host.StartVblade(t, s.vblade, "-r", "9", "0", "tgt0", s.image)
	if !strings.HasSuffix(v.Line, " O_RDONLY") {
		t.Errorf("with -r it printed %q", v.Line)
	}
}

// TestAdvertisement listens for what a target says when it starts.
func TestAdvertisement(t *testing.T) {
	s := newSite(t, 1500)
	ini := s.open("ini0", initiator.Options{})
	s.host.StartVblade(t, s.vblade, "-b", "5", "9", "0", "tgt0", s.image)
	found, err := ini.Listen(patience, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Name() != "e9.0" || found[0].Buffers != 5 {
		t.Errorf("heard %+v, want an advertisement of e9.0 with 5 buffers", found)
	}
}

// TestTwoBlades serves two disks on one interface by two processes.
func TestTwoBlades(t *testing.T) {
	s := newSite(t, 1500)
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	s.host.StartVblade(t, s.vblade, "-l", "1000", "9", "1", "tgt0", s.image)
	found, err := s.open("ini0", initiator.Options{}).Discover(patience, 2)
	if err != nil || len(found) != 2 {
		t.Fatalf("found %v, %v; want two targets", found, err)
	}
	for _, target := range found {
		want := map[string]int64{"e9.0": diskSize / sectorSize, "e9.1": 1000}[target.Name()]
		if id, err := target.Identify(); err != nil || id.Sectors != want {
			t.Errorf("%s: %d sectors, %v; want %d", target.Name(), id.Sectors, err, want)
		}
	}
}

// TestLoopback serves on lo, as people do who try it on one machine.
func TestLoopback(t *testing.T) {
	s := newSite(t, 1500)
	s.host.StartVblade(t, s.vblade, "9", "0", "lo", s.image)
	target, err := s.open("lo", initiator.Options{}).Find(9, 0)
	if err != nil {
		t.Fatal(err)
	}
	if target.Sectors != 127 {
		t.Errorf("%d sectors a frame on lo, want 127", target.Sectors)
	}
	got := make([]byte, diskSize)
	if _, err := target.ReadAt(got, 0); err != nil || !bytes.Equal(got, s.content()) {
		t.Errorf("the disk read on lo differs from the file; %v", err)
	}
}

// TestLinkDown takes the link away under a target and gives it back.
func TestLinkDown(t *testing.T) {
	s := newSite(t, 1500)
	v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	target := s.find(aoe.MAC{})
	for range 3 {
		for _, state := range []string{"down", "up"} {
			if err := s.host.Run("ip", "link", "set", "tgt0", state); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := target.Identify(); err != nil {
			t.Fatalf("after the link came back: %v", err)
		}
	}
	if !v.Alive() {
		t.Fatalf("vblade ended: %s", v.Stderr())
	}
}

// TestHugeMTU serves on lo with an MTU beyond what a frame buffer holds.
func TestHugeMTU(t *testing.T) {
	s := newSite(t, 1500)
	s.host.StartVblade(t, s.vblade, "9", "0", "lo", s.image)
	if err := s.host.Run("ip", "link", "set", "lo", "mtu", "100000"); err != nil {
		t.Fatal(err)
	}
	target, err := s.open("lo", initiator.Options{}).Find(9, 0)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, diskSize)
	if _, err := target.ReadAt(got, 0); err != nil || target.Sectors != 127 || !bytes.Equal(got, s.content()) {
		t.Errorf("%d sectors a frame, want 127; %v", target.Sectors, err)
	}
}

// hangAndSignal has a target's disk hang with two reads in flight, which came at once,
// and sends the target SIGTERM. It returns once no more requests are answered.
func (s *site) hangAndSignal(disk *slowExport) *lab.Process {
	s.t.Helper()
	v := s.startSlow(disk)
	target := s.findAs("ini0", initiator.Options{Patience: 200 * time.Millisecond}, 0)
	before, st := disk.Entered(slowdisk.Read), s.far.Station(s.t, "ini0")
	disk.Hang(slowdisk.Read)
	s.atOnce(v, st, ataRequest(st, target.MAC, ata.ReadExt, 1, 0, nil), ataRequest(st, target.MAC, ata.ReadExt, 1, 8, nil))
	if !disk.Await(slowdisk.Read, before+2, patience) {
		s.t.Fatal("the reads do not come to the disk")
	}
	v.Signal(syscall.SIGTERM)
	var err error
	for end := time.Now().Add(patience); err == nil; _, err = target.Identify() {
		if time.Now().After(end) {
			s.t.Fatal("requests are answered long after SIGTERM")
		}
	}
	return v
}

// TestSignal ends a target by a signal: what is in flight is finished first.
func TestSignal(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *site, disk *slowExport) {
		v := s.hangAndSignal(disk)
		if !v.Alive() {
			t.Error("SIGTERM ended it with a request in flight")
		}
		disk.Release(slowdisk.Read)
		if err := v.Wait(); err != nil {
			t.Errorf("after a signal and the end of what was in flight: %v\n%s", err, v.Stderr())
		}
	})
}

// TestSecondSignal ends a target whose disk hangs.
func TestSecondSignal(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *site, disk *slowExport) {
		v := s.hangAndSignal(disk)
		again := time.NewTicker(50 * time.Millisecond)
		defer again.Stop()
		for v.Alive() { // until one comes late enough to be a second one
			select {
			case <-again.C:
				v.Signal(syscall.SIGTERM)
			case <-v.Ended():
			}
		}
		var ended *exec.ExitError // a call that hangs in FUSE lets go of a process that is killed
		if err := v.Wait(); !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			t.Errorf("after a second signal: %v, want an end by it", err)
		}
	})
}

// TestAoetools uses the target by the programs of Debian's aoetools.
func TestAoetools(t *testing.T) {
	aoeping := lab.Need(t, "aoeping", "aoetools")
	aoecfg := lab.Need(t, "aoecfg", "aoetools")
	sancheck := lab.Need(t, "aoe-sancheck", "aoetools")
	s := newSite(t, 1500)
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	tests := []struct{ command, want string }{
		{aoeping + " -s 5 -v 9 0 ini0", "config query response:"},
		{aoeping + " -s 5 -I 9 0 ini0", "Coraid EtherDrive vblade"},
		{aoecfg + " -t 5 -c fset -s shelf-label 9 0 ini0", "shelf-label"},
		{aoecfg + " -t 5 -c read 9 0 ini0", "shelf-label"},
		{aoecfg + " -t 5 -c prefix -s shelf 9 0 ini0", "shelf-label"},
		{sancheck + " ini0", "e9.0"},
	}
	for _, test := range tests {
		f := strings.Fields(test.command)
		out, err := s.host.Output(f[0], f[1:]...)
		if err != nil || !strings.Contains(string(out), test.want) {
			t.Errorf("%s: %v, want %q in:\n%s", test.command, err, test.want, out)
		}
	}
}
