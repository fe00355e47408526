// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vblade/internal/aoe"
	"vblade/test/slowdisk"
)

// hungEnds is what a server logs when calls of a removed export have ended.
const hungEnds = "e9.0: the calls that hung when it was removed have ended, and its disk is closed"

// newHung starts a server of e9.0, with a read of its disk that hangs.
func newHung(t *testing.T) (*serving, *slowdisk.Disk) {
	s := newServing(t)
	disk := s.slowDisk()
	t.Cleanup(func() { disk.Release(slowdisk.Read) })
	s.must("add", "9", "0", "tgt0", disk.Path())
	target := s.impatient(0)
	disk.Hang(slowdisk.Read)
	s.unanswered(target.ReadAt(make([]byte, 1024), 0))
	return s, disk
}

// openings returns how many descriptors of a disk and of state files the server has.
func (s *serving) openings(disk *slowdisk.Disk) (disks, states int) {
	s.t.Helper()
	own, err := os.Stat(disk.Path())
	if err != nil {
		s.t.Fatal(err)
	}
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.Pid()))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, link := range links {
		if info, err := os.Stat(link); err == nil && os.SameFile(info, own) {
			disks++
		}
		if path, _ := os.Readlink(link); strings.HasPrefix(path, s.state) {
			states++
		}
	}
	return disks, states
}

// hasOpen checks how many descriptors of a disk and of state files the server has.
func (s *serving) hasOpen(when string, disk *slowdisk.Disk, disks, states int) {
	s.t.Helper()
	if n, m := s.openings(disk); n != disks || m != states {
		s.t.Errorf("%s it has %d descriptors of the disk and %d of state files, want %d and %d", when, n, m, disks, states)
	}
}

// TestRemovedWhileHanging removes an export whose disk hangs, and adds it again: once
// the hang has ended, it is served, and nothing of the former is left.
func TestRemovedWhileHanging(t *testing.T) {
	s, disk := newHung(t)
	if out, err := s.ask("remove", "e9.0"); err == nil || !strings.Contains(out, "e9.0 is removed, but: ") || !strings.Contains(out, "the disk hangs: e9.0: read of 2 sectors at LBA 0") {
		t.Errorf("remove: %v: %s", err, out)
	}
	s.hasOpen("after the removal", disk, 1, 0)
	s.must("add", "9", "0", "tgt0", disk.Path())
	s.hasOpen("added again", disk, 2, 1)
	disk.Release(slowdisk.Read)
	s.awaitLine(s.Process, hungEnds)
	s.hasOpen("after the hang", disk, 1, 1)
	s.reads(0)
	s.must("remove", "e9.0")
	s.hasOpen("at the end", disk, 0, 0)
	if err := s.Stop(); err != nil {
		t.Errorf("%v\n%s", err, s.Stderr())
	}
}

// TestHandOverWhileHanging refuses to hand an export over whose disk hangs: it is
// served as before, and once the hang has ended, nothing else is left of it.
func TestHandOverWhileHanging(t *testing.T) {
	s, disk := newHung(t)
	out, err := s.host.Output(s.vblade, "serve", "--replace", "--control", s.control)
	if want := "e9.0 cannot be handed over: "; err == nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "the other server goes on") {
		t.Errorf("replace: %v: %s", err, out)
	}
	if out := s.must("status", "e9.0"); strings.Contains(out, "not served") {
		t.Errorf("status says\n%s\n%s", out, s.Stderr())
	}
	s.hasOpen("served again", disk, 2, 1)
	disk.Release(slowdisk.Read)
	s.awaitLine(s.Process, hungEnds)
	s.hasOpen("after the hang", disk, 1, 1)
	s.reads(0)
	if err := s.Stop(); err != nil {
		t.Errorf("%v\n%s", err, s.Stderr())
	}
}

// TestChangeWhileHanging changes an export whose disk hangs: it is served as before.
func TestChangeWhileHanging(t *testing.T) {
	s, disk := newHung(t)
	conf := filepath.Join(t.TempDir(), "a.conf")
	text := fmt.Sprintf("shelf=9\nslot=0\nnetif=tgt0\nfilename=%s\noptions=-r\n", disk.Path())
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := s.ask("apply", conf); err == nil || !strings.Contains(out, "the disk hangs: e9.0: read of 2 sectors at LBA 0") || !strings.Contains(out, "; e9.0 is served as before") {
		t.Errorf("apply: %v: %s", err, out)
	}
	disk.Release(slowdisk.Read)
	s.awaitLine(s.Process, hungEnds)
	s.site.must(s.find(aoe.MAC{}).WriteAt(make([]byte, 1024), 0))
	s.must("apply", conf)
	s.hasOpen("after the change", disk, 1, 1)
}
