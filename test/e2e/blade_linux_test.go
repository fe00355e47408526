// SPDX-License-Identifier: GPL-2.0-only

package e2e

import (
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startLimit and stopLimit bound how long a vblade takes to start and to end.
const (
	startLimit = 30 * time.Second
	stopLimit  = 30 * time.Second
)

// blade is a running vblade.
type blade struct {
	t       *testing.T
	process *process
	line    string // what it printed when it started
}

// export starts a vblade with the given command line and waits until it
// serves. It is stopped at the end of t, if not before.
func (s *site) export(t *testing.T, args ...string) *blade {
	t.Helper()
	p, err := startProcess(s.host, exec.Command(s.vblade, args...))
	if err != nil {
		t.Fatal(err)
	}
	b := &blade{t: t, process: p}
	t.Cleanup(b.stop)
	if b.line, err = p.firstLine(startLimit); err != nil {
		t.Fatalf("vblade %s: %v", strings.Join(args, " "), err)
	}
	return b
}

// firstLine waits for the first line on the program's standard output.
func (p *process) firstLine(limit time.Duration) (string, error) {
	late := time.After(limit)
	for {
		text, more := p.stdout.read()
		if line, _, ok := strings.Cut(text, "\n"); ok {
			return line, nil
		}
		select {
		case <-more:
		case <-p.ended:
			return "", fmt.Errorf("ended without a line on standard output; it printed: %s", p.output())
		case <-late:
			return "", fmt.Errorf("no line on standard output within %v; it printed: %s", limit, p.output())
		}
	}
}

// says checks the line printed at the start, which begins with the process id.
func (b *blade) says(want string) {
	b.t.Helper()
	want = fmt.Sprintf("pid %d: %s", b.process.cmd.Process.Pid, want)
	if b.line != want {
		b.t.Errorf("vblade printed %q, want %q", b.line, want)
	}
}

// stop ends the vblade, which must have lived until now. Stopping it again
// does nothing.
func (b *blade) stop() {
	b.t.Helper()
	if b.process == nil {
		return
	}
	p := b.process
	b.process = nil
	select {
	case <-p.ended:
		b.t.Errorf("vblade ended by itself (%v); it printed:\n%s", p.cmd.ProcessState, p.output())
		return
	default:
	}
	if err := p.stop(syscall.SIGTERM, stopLimit); err != nil {
		b.t.Error(err)
	}
	if b.t.Failed() {
		b.t.Logf("vblade printed:\n%s", p.output())
	}
}

// kill ends the vblade at once.
func (b *blade) kill() {
	p := b.process
	b.process = nil
	p.cmd.Process.Kill()
	<-p.ended
}
