// SPDX-License-Identifier: GPL-2.0-only

package uring

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/confine"
)

// insideVar names the environment variable that has the test's program run
// runInside on a file.
const insideVar = "URING_INSIDE"

// TestMain runs the tests, or what one of them wants done by a process of its own.
func TestMain(m *testing.M) {
	path := os.Getenv(insideVar)
	if path == "" {
		os.Exit(m.Run())
	}
	if err := runInside(path); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// TestConfined shows that confinement leaves a ring working, whether it was
// enabled before or is afterwards, and lets another be made.
func TestConfined(t *testing.T) {
	newTestRing(t, 8) // or skips
	f, _ := testFile(t, 4096)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), insideVar+"="+f.Name())
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("in a confined process: %v: %s", err, out)
	}
}

// runInside makes rings before and after it confines the process, and uses them.
func runInside(path string) error {
	runtime.LockOSThread()
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	enabled, err := New(8)
	if err != nil {
		return err
	}
	disabled, err := New(8)
	if err := errors.Join(err, enabled.Enable()); err != nil {
		return err
	}
	if err := confine.Process(path, false, false); err != nil {
		fmt.Println("confined in part only:", err)
	}
	if err := disabled.Enable(); err != nil {
		return err
	}
	later, err := New(8)
	if err != nil {
		return err
	}
	if err := later.Enable(); err != nil {
		return err
	}
	for name, r := range map[string]*Ring{"enabled before": enabled, "enabled after": disabled, "made after": later} {
		if err := errors.Join(useAll(r, fd), r.Close(time.Second)); err != nil {
			return fmt.Errorf("the ring %s: %w", name, err)
		}
	}
	return nil
}

// useAll does with a ring, on a file, what a server does.
func useAll(r *Ring, fd int) error {
	var silent [2]int // a pipe that nothing is written to
	if err := unix.Pipe2(silent[:], unix.O_CLOEXEC); err != nil {
		return err
	}
	defer unix.Close(silent[0])
	defer unix.Close(silent[1])
	r.Poll(1, silent[0], PollIn)
	r.Readv(2, fd, []Vec{VecOf(make([]byte, 512))}, 0)
	r.Writev(3, fd, []Vec{VecOf(make([]byte, 512))}, 512)
	if err := r.Enter(2, 10*time.Second); err != nil {
		return err
	}
	r.Cancel(4, 1)
	want := [...]int32{1: -int32(unix.ECANCELED), 2: 512, 3: 512, 4: 0}
	for deadline := time.Now().Add(20 * time.Second); r.inFlight > 0; {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d requests did not complete", r.inFlight)
		}
		if err := r.Enter(1, time.Second); err != nil {
			return err
		}
		for c := range r.Completions {
			if c.Result != want[c.Data] {
				return fmt.Errorf("request %d: result %d, want %d", c.Data, c.Result, want[c.Data])
			}
		}
	}
	return nil
}
