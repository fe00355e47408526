// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"vblade/internal/aoe"
)

// TestSharedDisk serves a disk that two hosts share, two loop devices over a file: by
// the one, by the other, which writes, and by the one again. The test has the devices
// open all the time, so that the kernel keeps what it has read.
func TestSharedDisk(t *testing.T) {
	s := newSite(t, 1500)
	one, other := s.loopDevice(), s.loopDevice()
	serve := func(device string, do func(p []byte) error) (printed string) {
		t.Helper()
		v := s.host.StartVblade(t, s.vblade, "-s", "9", "0", "tgt0", device)
		p := make([]byte, 64<<10)
		if err := do(p); err != nil {
			t.Error(err)
		}
		if err := v.Stop(); err != nil {
			t.Error(err)
		}
		return v.Stderr()
	}
	written := bytes.Repeat([]byte("new "), 16<<10)
	read := func(p []byte) error {
		_, err := s.find(aoe.MAC{}).ReadAt(p, 0)
		return err
	}
	serve(one, read)
	serve(other, func([]byte) error {
		_, err := s.find(aoe.MAC{}).WriteAt(written, 0)
		return err
	})
	printed := serve(one, func(p []byte) error {
		err := read(p)
		if !bytes.Equal(p, written) {
			t.Error("what the other host has written is not read")
		}
		return err
	})
	want := fmt.Sprintf("%s: process %d (", one, os.Getpid())
	if !containsAll(printed, want, "has it open, too; if another host writes to it", "-d passes it") {
		t.Errorf("it prints\n%swant %s", printed, want)
	}
}
