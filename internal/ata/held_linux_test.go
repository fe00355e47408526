// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/test/lab"
)

// TestMountedDevice opens a device that is mounted: refused for writing, served
// with a warning where that is forced, and for reading only without a word.
func TestMountedDevice(t *testing.T) {
	mkfs := lab.Need(t, "mkfs.ext4", "e2fsprogs")
	device := loopDevice(t, make([]byte, 8<<20))
	if out, err := exec.Command(mkfs, "-q", device).CombinedOutput(); err != nil {
		t.Fatalf("mkfs.ext4: %v: %s", err, out)
	}
	dir := t.TempDir()
	var mount error
	var plain, forced, readOnly opening
	onOwnThread(func() {
		if mount = mountPrivately(device, dir, "ext4", 0); mount != nil {
			return
		}
		defer unix.Unmount(dir, 0)
		plain, forced = opened(device, ata.Options{}), opened(device, ata.Options{Force: true})
		readOnly = opened(device, ata.Options{ReadOnly: true})
	})
	if mount != nil {
		lab.Skip(t, "a mount namespace with ext4 in it: "+mount.Error(), "run as root")
	}
	want := "open " + device + ": this host has it mounted on " + dir +
		", and would lose data to an initiator that writes (-r exports it read-only; --force exports it nevertheless)"
	if plain.err == nil || plain.err.Error() != want {
		t.Errorf("got %v; want %s", plain.err, want)
	}
	if forced.err != nil || len(forced.warnings) != 1 || !strings.HasPrefix(forced.warnings[0], device+": this host has it mounted on "+dir+";") {
		t.Errorf("forced: %+v", forced)
	}
	if readOnly.err != nil || len(readOnly.warnings) > 0 {
		t.Errorf("read-only: %+v", readOnly)
	}
	if after := opened(device, ata.Options{}); after.err != nil || len(after.warnings) > 0 {
		t.Errorf("unmounted: %+v", after)
	}
}

// TestHeldDevice opens a device that a program has for itself, and one that a
// program lets go of after a moment.
func TestHeldDevice(t *testing.T) {
	device := loopDevice(t, make([]byte, 1<<20))
	fd, err := unix.Open(device, unix.O_RDONLY|unix.O_EXCL|unix.O_CLOEXEC, 0)
	noError(t, err)
	want := "open " + device + ": this host uses it (mount, swap, LVM, RAID or another program), and would lose data"
	if got := opened(device, ata.Options{}); got.err == nil || !strings.HasPrefix(got.err.Error(), want) {
		t.Errorf("got %+v; want %s", got, want)
	}
	served, err := ata.OpenFile(device, ata.Options{Force: true})
	noError(t, err)
	again, err := ata.FromDescriptors(device, ata.Options{}, served.Descriptors())
	if err != nil {
		t.Fatalf("an opening that was served already: %v", err)
	}
	noError(t, again.Close())
	late := make(chan opening)
	go func() { late <- opened(device, ata.Options{}) }()
	unix.Close(fd)
	if got := <-late; got.err != nil {
		t.Errorf("held for a moment: %v", got.err)
	}
}
