// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/control"
	"vblade/internal/initiator"
	"vblade/internal/statefile"
	"vblade/test/slowdisk"
)

// stateOnSlowDisk has a server serve e9.0 with its state on a slow disk.
func (s *serving) stateOnSlowDisk(path string) *slowdisk.Disk {
	s.t.Helper()
	d := slowdisk.TestDisk(s.t, statefile.Size)
	file, err := os.OpenFile(d.Path(), os.O_RDWR, 0)
	if err != nil {
		s.t.Fatal(err)
	}
	state, err := statefile.FromDescriptor("/slow/e9.0.state", aoe.Address{Shelf: 9}, file)
	if err != nil {
		s.t.Fatal(err)
	}
	defer state.Close()
	disk, err := ata.OpenFile(path, ata.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	defer disk.Close()
	_, err = control.Client{Path: s.control}.Add(&control.Export{
		Shelf: 9, Links: []string{"tgt0"}, Filename: path, Buffers: 16, Disk: disk, State: state,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// TestStateFails has the storage of an export's state fail, and then hang: changes are
// refused, or wait, the disk is served on as far as it can be, and so are others.
func TestStateFails(t *testing.T) {
	s := newServing(t)
	d := s.stateOnSlowDisk(s.image)
	s.must("add", "9", "1", "tgt0", s.disk("other"))
	target := s.find(aoe.MAC{})
	says(t, s.Process, "/slow/e9.0.state cannot be used: it is no state of vblade")
	set := func(text string) error {
		_, err := target.ConfigString(aoe.ConfigForceSet, text)
		return err
	}
	if err := set("kept"); err != nil {
		t.Error(err)
	}
	for _, op := range []slowdisk.Op{slowdisk.Write, slowdisk.Sync} {
		d.SetError(op, syscall.ENOSPC)
		var refused *initiator.AoEError
		if err := set("lost"); !errors.As(err, &refused) || refused.Code != aoe.ErrDevice {
			t.Errorf("a set that cannot be kept: %v", err)
		}
		if text, err := target.ConfigString(aoe.ConfigRead, ""); err != nil || text != "kept" {
			t.Errorf("the config string is %q, %v", text, err)
		}
		d.SetError(op, 0)
	}
	if err := set("kept again"); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"it cannot be kept: write /slow/e9.0.state: no space left on device\n", "e9.0: what initiators change is kept again\n"} {
		says(t, s.Process, want)
	}

	before := d.Entered(slowdisk.Sync)
	d.Hang(slowdisk.Sync)
	hung := make(chan error)
	go func() { hung <- set("late") }()
	if !d.Await(slowdisk.Sync, before+1, 10*time.Second) {
		t.Fatal("the state is not synced")
	}
	second, err := s.open("ini0", initiator.Options{}).Find(9, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.ReadAt(make([]byte, sectorSize), 0); err != nil {
		t.Error(err)
	}
	if _, err := second.ConfigString(aoe.ConfigForceSet, "at once"); err != nil {
		t.Error(err)
	}
	d.Release(slowdisk.Sync)
	if err := <-hung; err != nil {
		t.Error(err)
	}
	if text, err := target.ConfigString(aoe.ConfigRead, ""); err != nil || text != "late" {
		t.Errorf("the config string is %q, %v", text, err)
	}
}

// TestFullState fills the file system of the state directory: what is there goes on,
// for it wants no more room, and what is added is refused by name.
func TestFullState(t *testing.T) {
	s := newServing(t)
	dir := t.TempDir()
	script := `mount -t tmpfs -o size=16k none "$1" || exit 77
		"$2" add --control "$3" --state "$1" 9 0 tgt0 "$4" || exit 1
		head -c 64k /dev/zero > "$1/filler" 2>/dev/null
		"$2" add --control "$3" --state "$1" 9 1 tgt0 "$4"; status=$?
		ls "$1"; exit $status`
	out, err := s.host.Output("unshare", "-m", "sh", "-c", script, "sh", dir, s.vblade, s.control, s.image)
	if want := "write " + dir + "/e9.1.state: no space left on device; --state names another directory"; err == nil || !strings.Contains(string(out), want) {
		t.Errorf("%v: %s; want %q", err, out, want)
	}
	if strings.Contains(string(out), "\ne9.1.state") {
		t.Errorf("a file without contents is left: %s", out)
	}
	change(t, s.find(owner))
	s.checkChanged("ini0", true)
}

// TestRefusedStartKeepsMasks starts an export with masks that is served already: it is
// refused, and the masks that initiators have set are still kept.
func TestRefusedStartKeepsMasks(t *testing.T) {
	s, dir := newSite(t, 1500), t.TempDir()
	set := []aoe.MAC{{2, 0, 0, 0, 0, 7}}
	f, _, err := statefile.Open(dir, aoe.Address{Shelf: 9})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	state, err := blade.NewState(nil, true, set, nil)
	if err == nil {
		err = f.Save(state)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	disk := s.disk("disk")
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", disk)
	if out, err := s.host.Output(s.vblade, "--state", dir, "-m", "02:00:00:00:00:08", "9", "0", "tgt0", disk); err == nil {
		t.Errorf("it starts a second time: %s", out)
	}
	again, _, err := statefile.Open(dir, aoe.Address{Shelf: 9})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	kept, err := again.Load()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(kept.Masks(), set) {
		t.Errorf("kept are the masks %v; want %v", kept.Masks(), set)
	}
}
