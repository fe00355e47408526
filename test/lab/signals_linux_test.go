// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestHeedSignals runs this test once more with SIGHUP ignored, as under nohup: a
// program that it starts ends by SIGHUP nevertheless.
func TestHeedSignals(t *testing.T) {
	const nohup = "VBLADE_TEST_NOHUP"
	if os.Getenv(nohup) == "" {
		cmd := exec.Command("/bin/sh", "-c", `trap '' HUP; exec "$0" -test.run='^TestHeedSignals$'`, os.Args[0])
		cmd.Env = append(os.Environ(), nohup+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("with SIGHUP ignored: %v\n%s", err, out)
		}
		return
	}
	HeedSignals()
	err := exec.Command("/bin/sh", "-c", "kill -HUP $$; exit 0").Run()
	if err == nil || !strings.Contains(err.Error(), "hangup") {
		t.Errorf("the program ended with %v", err)
	}
}
