// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"time"

	"vblade/test/lab"
)

// TestMain has signals end vblade where the tests run under nohup, too.
func TestMain(m *testing.M) {
	lab.HeedSignals()
	os.Exit(m.Run())
}

// signalled is set in the environment of the process that TestOneSignal starts.
const signalled = "VBLADE_TEST_SIGNALLED"

// TestOneSignal has a process of its own send itself signals that count as one: they do
// not end it at once.
func TestOneSignal(t *testing.T) {
	if os.Getenv(signalled) == "" {
		again := exec.Command(os.Args[0], "-test.run=^TestOneSignal$")
		again.Env = append(os.Environ(), signalled+"=1")
		if out, err := again.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		return
	}
	ctx, _ := untilSignal(time.Hour)
	for range 1000 { // some of them once the first has been taken
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	<-ctx.Done()
	os.Exit(0) // some may still be on their way
}
