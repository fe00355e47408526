// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vblade/internal/server"
	"vblade/test/frametest"
)

// TestUseRings has the kernel refuse an io_uring, for want of descriptors: that is
// an error that says so, but where the environment asks for none.
func TestUseRings(t *testing.T) {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0
	for set, want := range map[string]string{
		"off": "",
		"":    "make an io_uring: ",
		"on":  "make an io_uring: ",
	} {
		s := server.New(frametest.NewHost(), new(frametest.Log))
		var asked string
		getenv := func(name string) string { asked = name; return set }
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &none); err != nil {
			t.Fatal(err)
		}
		err := useRings(s, getenv)
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
		switch {
		case asked != "VBLADE_IO_URING":
			t.Errorf("the variable that is asked for is %q", asked)
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("VBLADE_IO_URING=%s: got error %v, want %q", set, err, want)
		}
	}
}
