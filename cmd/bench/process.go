// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"vblade/test/lab"
)

// patience is how long a program may take to start, and to end.
const patience = 10 * time.Second

// process is a program that the benchmark has started.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	line   string // what it printed when it was ready
	ended  chan error
}

// launch starts a program on CPUs inside the host and waits until it has printed
// a line. The calling process is bound to the CPUs home.
func launch(host *lab.Host, cpus, home []int, name string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(name, args...), ended: make(chan error, 1)}
	p.cmd.Stderr = &p.stderr
	// In a process group of its own a terminal's interrupt does not reach it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p.cmd.Stdout = in
	err = host.Do(func() error {
		// The program inherits the CPU of the thread that starts it.
		if err := pin(cpus...); err != nil {
			return err
		}
		defer pin(home...)
		return p.cmd.Start()
	})
	in.Close()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	out.SetReadDeadline(time.Now().Add(patience))
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, fmt.Errorf("%s %s was not ready: %w\n%s", name, strings.Join(args, " "), err, p.stderr.Bytes())
	}
	p.line = strings.TrimSpace(line)
	return p, nil
}

// pid is the program's process number.
func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the program.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.cmd.Process.Kill()
		<-p.ended
	}
}

// peak returns the program's resident memory at its highest, in bytes.
func (p *process) peak() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid()))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if fields := strings.Fields(line); fields[0] == "VmHWM:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("pid %d: no VmHWM in its status", p.pid())
}
