// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"bufio"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
)

// TestEarlyReport asks for a report while vblade is about to print its line:
// it lives, and reports when it serves.
func TestEarlyReport(t *testing.T) {
	s := newTestbed(t)
	stdout, out := io.Pipe()
	stderr, errs := io.Pipe()
	status := make(chan int, 1)
	go func() {
		got := -1 // where the host could not be entered
		s.host.Do(func() error {
			got = run([]string{"9", "0", "tgt0", s.file}, out, errs, unconfined)
			return nil
		})
		status <- got
	}()
	line := bufio.NewReaderSize(stdout, 16) // so little that vblade waits for the rest to be read
	if _, err := line.Peek(1); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	if _, err := line.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "tgt0: 0 frames received, ") {
		if text := lines.Text(); !strings.HasPrefix(text, "e9.0: 0 reads 0 B, ") && !strings.Contains(text, "rmem_max") && !strings.Contains(text, ", slower than by ") {
			t.Errorf("on standard error: %s", text)
		}
	}
	go io.Copy(io.Discard, stderr)
	if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := <-status; got != 0 {
		t.Errorf("the exit status is %d", got)
	}
}
