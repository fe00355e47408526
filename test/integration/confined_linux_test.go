// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"strings"
	"testing"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// maxResident is the most memory that a target may have had in use, in KiB, on
// each interface: frames on lo are 64 KiB long, and every buffer may hold one.
var maxResident = map[string]int64{"tgt0": 24 << 10, "lo": 48 << 10}

// TestConfined looks at the process that serves: it has given up what it does
// not need, and serves files, block devices and files of a user-space file
// system all the same.
func TestConfined(t *testing.T) {
	kinds := map[string]func(*site) string{
		"file":         func(s *site) string { return s.image },
		"block device": func(s *site) string { return s.loopDevice() },
		"FUSE file":    func(s *site) string { return s.slowDisk().Path() },
	}
	for kind, file := range kinds {
		for _, netif := range []string{"tgt0", "lo"} {
			t.Run(kind+" on "+netif, func(t *testing.T) {
				s := newSite(t, 1500)
				s.testConfined(t, netif, file(s))
			})
		}
	}
}

// testConfined is TestConfined for a file on an interface.
func (s *site) testConfined(t *testing.T, netif, file string) {
	v := s.host.StartVblade(t, s.vblade, "9", "0", netif, file)
	lab.CheckConfined(t, v.Pid())
	target, err := s.open(map[string]string{"tgt0": "ini0", "lo": "lo"}[netif], initiator.Options{}).Find(9, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("confined"), diskSize/8)
	if _, err := target.WriteAt(want, 0); err != nil {
		t.Fatal(err)
	}
	if err := target.Flush(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, diskSize)
	if _, err := target.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("what is read is not what was written: %v", err)
	}
	lab.CheckConfined(t, v.Pid()) // the threads that came with the load, too
	if n, err := v.Field("status", "VmHWM"); err != nil || n > maxResident[netif] {
		t.Errorf("%d KiB of memory were in use, %v; want at most %d", n, err, maxResident[netif])
	}
	if err := v.Stop(); err != nil || strings.Contains(v.Stderr(), "keeps rights") {
		t.Errorf("%v, and on standard error: %s", err, v.Stderr())
	}
}

// loopDevice makes a block device of the disk's file, and has it open, for the length
// of the test.
func (s *site) loopDevice() string {
	s.t.Helper()
	return lab.LoopDevice(s.t, s.image).Name()
}
