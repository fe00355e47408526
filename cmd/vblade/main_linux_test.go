// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"os"
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

// TestOneSignal sends signals that count as one: they do not end the process at once.
func TestOneSignal(t *testing.T) {
	ctx, stop := untilSignal(time.Hour)
	defer stop()
	for range 1000 { // some of them once the first has been taken
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	<-ctx.Done()
}
