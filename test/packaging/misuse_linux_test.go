// SPDX-License-Identifier: GPL-2.0-only

package packaging

import (
	"os"
	"os/exec"
	"regexp"
	"testing"

	"vblade/test/conffile"
)

// TestUnitMisuse starts exports that no waiting mends, and one that waiting may,
// with the environment of the unit: the former end with the status that the unit
// does not start again after.
func TestUnitMisuse(t *testing.T) {
	root := install(t)
	unit, err := os.ReadFile(root.path("usr/lib/systemd/system/vblade@.service"))
	if err != nil {
		t.Fatal(err)
	}
	environment := regexp.MustCompile(`(?m)^Environment=(\w+=78)$`).FindSubmatch(unit)
	if environment == nil || !regexp.MustCompile(`(?m)^RestartPreventExitStatus=78 74$`).Match(unit) {
		t.Fatalf("the unit does not say which status is final:\n%s", unit)
	}
	for _, c := range []struct {
		conf         string
		status, bare int // with the unit's environment, and without
	}{
		{conffile.With("slot=255"), 78, 1},
		{conffile.With("shelf=x"), 78, 1},
		{conffile.With("options=--readonly"), 78, 1},
		{conffile.Complete + "opts=-r", 78, 1},
		{conffile.With("netif=lo filename=/nowhere/disk.img"), 1, 1},
	} {
		root.conf(t, "disk", c.conf)
		for _, command := range [][]string{{}, {"add", "--control", root.path("control")}} {
			for _, run := range []struct {
				env  []string
				want int
			}{{os.Environ(), c.bare}, {append(os.Environ(), string(environment[1])), c.status}} {
				cmd := exec.Command(root.path("usr/sbin/vblade"), append(command, "--conf", root.path("etc/vblade.conf.d/disk.conf"))...)
				cmd.Env = run.env
				out, _ := cmd.CombinedOutput()
				if got := cmd.ProcessState.ExitCode(); got != run.want {
					t.Errorf("%s %s: status %d, want %d; %s", command, c.conf, got, run.want, out)
				}
			}
		}
	}
}
