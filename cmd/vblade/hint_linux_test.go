// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"vblade/test/lab"
)

// TestNoCapability opens an export without the right to packet sockets: the
// error has the command that gives it.
func TestNoCapability(t *testing.T) {
	setpriv := lab.Need(t, "setpriv", "util-linux")
	if os.Getuid() != 0 {
		lab.Skip(t, "a right to give up", "run as root")
	}
	program := t.TempDir() + "/vblade"
	if err := lab.Build(program); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(setpriv, "--bounding-set=-net_raw", "--inh-caps=-net_raw", program, "9", "0", "lo", program).CombinedOutput()
	want := "vblade: open a packet socket on lo: operation not permitted (needs root or CAP_NET_RAW); " +
		"run it as root, or once after each build: sudo setcap cap_net_raw+ep " + program + "\n"
	if string(out) != want || err == nil {
		t.Errorf("%v, %swant %s", err, out, want)
	}
	if strings.Count(string(out), "\n") != 1 {
		t.Error("that is more than one line")
	}
}
