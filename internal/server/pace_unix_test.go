// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package server

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPaceTellsWaitingFromWork has a pace learn from calls that last as long, but
// cost the CPU in one case and sleep in the other.
func TestPaceTellsWaitingFromWork(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const long = 4 * fastRun
	for name, call := range map[string]func(){
		"work":                func() { spin(long) },
		"work, after a stall": func() { spin(long) },
		"sleep":               func() { sleep(long) },
	} {
		var p pace
		if name == "work, after a stall" {
			p.stall()
		}
		for range 100 {
			timing := p.time(clock())
			call()
			p.note(timing, 1, 1024)
		}
		if got, want := p.slow.Load(), name == "sleep"; got != want {
			t.Errorf("%s: slow is %v", name, got)
		}
	}
}

// spin keeps the thread busy.
func spin(long time.Duration) {
	for end := clock() + long; clock() < end; {
	}
}

// sleep has the thread wait.
func sleep(long time.Duration) {
	t := unix.NsecToTimespec(int64(long))
	unix.Nanosleep(&t, nil)
}
