// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// patience is how long a program may take to be ready, and to end.
const patience = 30 * time.Second

// Process is a program that was started.
type Process struct {
	Line string // what it printed when it was ready, if Launch has started it

	cmd    *exec.Cmd
	stderr output
	ended  chan struct{} // closed once the program has ended
	err    error         // how it ended
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

// Spawn starts a program by start, such as Host.Start.
func Spawn(cmd *exec.Cmd, start func(*exec.Cmd) error) (*Process, error) {
	p := &Process{cmd: cmd, ended: make(chan struct{})}
	cmd.Stderr = &p.stderr
	if err := start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// Launch is Spawn, and waits until the program has printed a line on its standard
// output.
func Launch(cmd *exec.Cmd, start func(*exec.Cmd) error) (*Process, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	cmd.Stdout = in
	p, err := Spawn(cmd, start)
	in.Close()
	if err != nil {
		return nil, err
	}
	out.SetReadDeadline(time.Now().Add(patience))
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.Kill()
		return nil, fmt.Errorf("%s was not ready: %w\n%s", strings.Join(cmd.Args, " "), err, p.Stderr())
	}
	p.Line = strings.TrimSuffix(line, "\n")
	return p, nil
}

// Pid returns the process number.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Stderr returns what the program has printed on standard error so far.
func (p *Process) Stderr() string { return p.stderr.String() }

// Ended returns a channel that is closed once the program has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// Alive reports whether the program still runs.
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Field returns a number of a file in the program's directory of /proc, such as
// VmRSS in status.
func (p *Process) Field(file, name string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.Pid(), file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name+":" {
			return strconv.ParseInt(fields[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("/proc/%d/%s does not tell %s", p.Pid(), file, name)
}

// State describes how a program that has ended did so.
func (p *Process) State() *os.ProcessState { return p.cmd.ProcessState }

// Signal sends the program a signal.
func (p *Process) Signal(s os.Signal) { p.cmd.Process.Signal(s) }

// Suspend stops the program until it gets SIGCONT, and returns once it has stopped.
func (p *Process) Suspend() error {
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	var info unix.Siginfo
	return unix.Waitid(unix.P_PID, p.Pid(), &info, unix.WSTOPPED|unix.WNOWAIT, nil)
}

// Kill ends the program at once, if it still runs.
func (p *Process) Kill() {
	p.cmd.Process.Kill()
	p.Wait()
}

// Stop asks the program to end and returns how it did.
func (p *Process) Stop() error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	return p.Wait()
}

// Wait returns how the program ended. One that does not end is killed, which is
// an error.
func (p *Process) Wait() error {
	select {
	case <-p.ended:
		return p.err
	case <-time.After(patience):
	}
	p.cmd.Process.Kill()
	return fmt.Errorf("pid %d did not end in %v", p.Pid(), patience)
}
