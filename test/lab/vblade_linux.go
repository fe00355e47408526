// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startPatience is how long a vblade may take to serve, and to end.
const startPatience = 10 * time.Second

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
// arguments go to go build.
func Build(program string, flags ...string) error {
	args := append([]string{"build", "-o", program}, flags...)
	if out, err := exec.Command("go", append(args, "vblade/cmd/vblade")...).CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// Vblade is a target program under test, ours or the C one, that serves.
type Vblade struct {
	Line string // what it printed when it began to serve

	cmd    *exec.Cmd
	stderr output
	ended  chan error
}

// output keeps what a program prints, to be read at any time.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write keeps p.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns all that was kept.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// StartVblade starts a target program inside the host, waits until it serves
// and ends it with the test.
func (h *Host) StartVblade(t testing.TB, program string, args ...string) *Vblade {
	t.Helper()
	return h.StartCommand(t, exec.Command(program, args...))
}

// StartCommand is StartVblade for a command whose surroundings were prepared.
func (h *Host) StartCommand(t testing.TB, cmd *exec.Cmd) *Vblade {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout = in
	v := h.start(t, cmd)
	in.Close()
	out.SetReadDeadline(time.Now().Add(startPatience))
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		v.Kill()
		t.Fatalf("%s did not begin to serve: %v\n%s", strings.Join(cmd.Args, " "), err, v.Stderr())
	}
	v.Line = strings.TrimSuffix(line, "\n")
	return v
}

// start starts a target program inside the host and ends it with the test.
func (h *Host) start(t testing.TB, cmd *exec.Cmd) *Vblade {
	t.Helper()
	v := &Vblade{cmd: cmd, ended: make(chan error, 1)}
	v.cmd.Stderr = &v.stderr
	if err := h.Start(v.cmd); err != nil {
		t.Fatalf("start %s: %v", cmd.Path, err)
	}
	go func() { v.ended <- v.cmd.Wait() }()
	t.Cleanup(func() { v.Kill() })
	return v
}

// Pid returns the process number.
func (v *Vblade) Pid() int { return v.cmd.Process.Pid }

// Stderr returns what the program has printed on standard error so far.
func (v *Vblade) Stderr() string { return v.stderr.String() }

// Alive tells whether the program still runs.
func (v *Vblade) Alive() bool { return v.cmd.Process.Signal(syscall.Signal(0)) == nil }

// Signal sends the program a signal.
func (v *Vblade) Signal(s os.Signal) { v.cmd.Process.Signal(s) }

// Kill ends the program at once, if it still runs.
func (v *Vblade) Kill() {
	v.cmd.Process.Kill()
	v.Wait()
}

// Stop asks the program to end and returns how it did.
func (v *Vblade) Stop() error {
	v.cmd.Process.Signal(syscall.SIGTERM)
	return v.Wait()
}

// Wait returns how the program ended, or that it did not.
func (v *Vblade) Wait() error {
	select {
	case err := <-v.ended:
		v.ended <- err
		return err
	case <-time.After(startPatience):
		v.cmd.Process.Kill()
		return fmt.Errorf("pid %d did not end in %v", v.Pid(), startPatience)
	}
}
