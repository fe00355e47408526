// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"os"
	"os/exec"
	"testing"

	"vblade/test/lab"
)

// TestNoCapability serves without the right to packet sockets: the error has the
// command that gives it.
func TestNoCapability(t *testing.T) {
	setpriv := lab.Need(t, "setpriv", "util-linux")
	if os.Getuid() != 0 {
		lab.Skip(t, "a right to give up", "run as root")
	}
	program := t.TempDir() + "/vblade"
	if err := lab.Build(program); err != nil {
		t.Fatal(err)
	}
	for where, args := range map[string][]string{
		"a packet socket on lo": {"9", "0", "lo", program},
		"a packet socket":       {"serve", "--control", t.TempDir() + "/control"},
	} {
		args = append([]string{"--bounding-set=-net_raw", "--inh-caps=-net_raw", program}, args...)
		out, err := exec.Command(setpriv, args...).CombinedOutput()
		want := "vblade: open " + where + ": operation not permitted (needs root or CAP_NET_RAW); " +
			"run it as root, or once after each build: sudo setcap cap_net_raw+ep " + program + "\n"
		if string(out) != want || err == nil {
			t.Errorf("%v, %swant %s", err, out, want)
		}
	}
}
