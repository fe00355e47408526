// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// Main is a TestMain that builds the vblade of this source tree, for the tests
// to start as *program. More arguments go to go build.
func Main(m *testing.M, program *string, flags ...string) {
	HeedSignals()
	os.Exit(buildAndRun(m, program, flags))
}

// buildAndRun is Main up to the exit status.
func buildAndRun(m *testing.M, program *string, flags []string) int {
	dir, err := os.MkdirTemp("", "vblade-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	*program = filepath.Join(dir, "vblade")
	if err := Build(*program, flags...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Build builds the vblade of this source tree as the file program. More
// arguments go to go build. As make builds it, it uses no C, which only the race
// detector needs.
func Build(program string, flags ...string) error {
	args := append([]string{"build", "-o", program}, flags...)
	cmd := exec.Command("go", append(args, "vblade/cmd/vblade")...)
	if !slices.Contains(flags, "-race") {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// StartVblade starts a target program inside the host, waits until it serves
// and ends it with the test.
func (h *Host) StartVblade(t testing.TB, program string, args ...string) *Process {
	t.Helper()
	return h.StartCommand(t, exec.Command(program, args...))
}

// StartCommand is StartVblade for a command whose surroundings were prepared.
func (h *Host) StartCommand(t testing.TB, cmd *exec.Cmd) *Process {
	t.Helper()
	return launch(t, cmd, h.Start)
}

// launch is Launch, and ends the program with the test.
func launch(t testing.TB, cmd *exec.Cmd, start func(*exec.Cmd) error) *Process {
	t.Helper()
	v, err := Launch(cmd, start)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Kill)
	return v
}
