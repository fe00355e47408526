// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/initiator"
	"vblade/test/slowdisk"
)

// impatient finds an export as an initiator that soon gives a request up.
func (s *site) impatient(slot uint8) *initiator.Target {
	s.t.Helper()
	return s.findAs("ini0", initiator.Options{Patience: time.Second}, slot)
}

// reads reads from an export, as an initiator that is patient.
func (s *site) reads(slot uint8) {
	s.t.Helper()
	if _, err := s.findAs("ini0", initiator.Options{}, slot).ReadAt(make([]byte, 1024), 0); err != nil {
		s.t.Errorf("a read of e9.%d: %v", slot, err)
	}
}

// unanswered checks that a request had no answer, no error either: an initiator that is
// more patient repeats it.
func (s *site) unanswered(_ int, err error) {
	s.t.Helper()
	if !errors.As(err, new(*initiator.TimeoutError)) {
		s.t.Errorf("a request to a disk that is gone: %v", err)
	}
}

// TestFailStop has the disk of an export fail that ends then: nothing of it is answered,
// and the exit status is its own.
func TestFailStop(t *testing.T) {
	s := newSite(t, 1500)
	disk := s.slowDisk()
	v := s.host.StartVblade(t, s.vblade, "--fail-stop", "9", "0", "tgt0", disk.Path())
	target := s.impatient(0)
	s.must(s.find(bob).WriteAt(make([]byte, 1024), 0))
	disk.SetError(slowdisk.Write, unix.ENOTCONN)
	disk.SetError(slowdisk.Sync, unix.ENOTCONN)
	s.unanswered(target.WriteAt(make([]byte, 1024), 4096))
	err := v.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 74 {
		t.Errorf("it ends with %v; want status 74\n%s", err, v.Stderr())
	}
	const failure = "transport endpoint is not connected"
	s.printed(v,
		"e9.0: write of 2 sectors at LBA 8: "+failure,
		"e9.0: the disk is gone or broken; nothing is answered any more",
		"e9.0 has ended, since its disk is gone or broken: "+failure+"; e9.0: the last sync failed: "+failure+"; what was written may be lost",
	)
}

// TestFailStopInServer has the disk of one of two exports fail: it is withdrawn, stays
// listed with the reason, and the other is served on.
func TestFailStopInServer(t *testing.T) {
	s := newServing(t)
	disk := s.slowDisk()
	s.must("add", "9", "1", "tgt0", s.disk("other"))
	s.must("add", "9", "0", "tgt0", disk.Path(), "--fail-stop")
	target := s.impatient(0)
	disk.SetError(slowdisk.Read, unix.EIO)
	s.unanswered(target.ReadAt(make([]byte, 1024), 0))
	const trouble = "withdrawn, its disk is gone or broken: input/output error"
	end := time.Now().Add(patience)
	for !strings.Contains(s.must("status", "e9.0"), trouble) {
		if time.Now().After(end) {
			t.Fatalf("status says\n%s\n%s", s.must("status"), s.Stderr())
		}
	}
	s.reads(1)
	disk.SetError(slowdisk.Read, 0)
	s.must("add", "9", "0", "tgt0", disk.Path(), "--fail-stop")
	s.reads(0)
}

// TestFailedSyncFrees removes exports whose last sync fails, one of them withdrawn
// before: the server keeps nothing of them open, and each can be added again, with
// its state file.
func TestFailedSyncFrees(t *testing.T) {
	s := newServing(t)
	disk := s.slowDisk()
	add := func() { s.must("add", "9", "0", "tgt0", disk.Path(), "--fail-stop") }
	add()
	disk.SetError(slowdisk.Read, unix.EIO)
	disk.SetError(slowdisk.Sync, unix.EIO)
	s.unanswered(s.impatient(0).ReadAt(make([]byte, 1024), 0))
	end := time.Now().Add(patience)
	for !strings.Contains(s.must("status", "e9.0"), "withdrawn") {
		if time.Now().After(end) {
			t.Fatalf("status says\n%s\n%s", s.must("status"), s.Stderr())
		}
	}
	s.must("remove", "e9.0")
	disk.SetError(slowdisk.Read, 0)
	add()
	if out, err := s.ask("remove", "e9.0"); err == nil || !strings.Contains(out, "the last sync failed: input/output error") {
		t.Errorf("remove: %v: %s", err, out)
	}
	disk.SetError(slowdisk.Sync, 0)
	add()
	s.reads(0)
}
