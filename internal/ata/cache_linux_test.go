// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"vblade/internal/ata"
	"vblade/test/frametest"
	"vblade/test/lab"
)

// TestStaleCache opens a disk that another host has written since this one has read
// it, and that is open here meanwhile, such that the page cache has what it was: what
// is read is what it is.
func TestStaleCache(t *testing.T) {
	for name, o := range map[string]ata.Options{"": {}, "-r": {ReadOnly: true}, "-s": {Sync: true}, "a window": {Offset: 2, Length: 20}} {
		t.Run(name, func(t *testing.T) {
			old, now := make([]byte, 64*ata.SectorSize), frametest.Content(0, 64)
			path := newFile(t, old)
			device := lab.LoopDevice(t, path).Name()
			holder, err := os.Open(device)
			noError(t, err)
			defer holder.Close()
			got := make([]byte, len(old))
			_, err = holder.ReadAt(got, 0)
			noError(t, err)
			noError(t, os.WriteFile(path, now, 0o600)) // as the other host does
			f := openFile(t, device, o)
			b := make([]byte, 16*ata.SectorSize)
			n, err := f.ReadAt(split(b, 1), 4*ata.SectorSize)
			if want := now[(4+o.Offset)*ata.SectorSize:][:len(b)]; n != len(b) || err != nil || !bytes.Equal(b, want) {
				t.Errorf("what was read before the other host has written is read again; %v", err)
			}
		})
	}
}

// TestOtherUser opens devices that another process has open, and one that none has.
func TestOtherUser(t *testing.T) {
	device := loopDevice(t, frametest.Content(0, frametest.Sectors))
	if w := openFile(t, device, ata.Options{}).Warnings(); len(w) > 0 {
		t.Errorf("of a device that nobody has open: %q", w)
	}
	sleep := exec.Command(lab.Need(t, "sleep", "coreutils"), "100")
	holder, err := os.Open(device)
	noError(t, err)
	defer holder.Close()
	sleep.Stdin = holder
	noError(t, sleep.Start())
	defer func() {
		sleep.Process.Kill()
		sleep.Wait()
	}()
	want := fmt.Sprintf("%s: process %d (sleep) has it open, too; if another host writes to it, this host's page cache goes stale: -d passes it",
		device, sleep.Process.Pid)
	for _, o := range []ata.Options{{}, {ReadOnly: true}} {
		if w := openFile(t, device, o).Warnings(); strings.Join(w, "\n") != want {
			t.Errorf("%+v: %q; want %q", o, w, want)
		}
	}
	if w := openFile(t, device, ata.Options{Direct: true}).Warnings(); len(w) > 0 {
		t.Errorf("with direct I/O: %q", w)
	}
}
