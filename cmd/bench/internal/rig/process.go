// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package rig

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"vblade/test/lab"
)

// Patience is how long a program may take to start, and to end.
const Patience = 10 * time.Second

// Process is a program that the benchmark has started.
type Process struct {
	Line   string // what it printed when it was ready
	cmd    *exec.Cmd
	stderr bytes.Buffer
	ended  chan error
}

// Place is where a program runs: on CPUs, inside a host. The benchmark itself is
// bound to the CPUs Home.
type Place struct {
	Host       *lab.Host
	CPUs, Home []int
}

// Launch starts a program and waits until it has printed a line.
func (at Place) Launch(name string, args ...string) (*Process, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p, err := at.Start(in, name, args...)
	in.Close()
	if err != nil {
		return nil, err
	}
	out.SetReadDeadline(time.Now().Add(Patience))
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		p.Stop()
		return nil, fmt.Errorf("%s %s was not ready: %w\n%s", name, strings.Join(args, " "), err, p.stderr.Bytes())
	}
	p.Line = strings.TrimSpace(line)
	return p, nil
}

// Start starts a program with a standard output, which may be nil.
func (at Place) Start(stdout *os.File, name string, args ...string) (*Process, error) {
	p := &Process{cmd: exec.Command(name, args...), ended: make(chan error, 1)}
	p.cmd.Stderr = &p.stderr
	if stdout != nil {
		p.cmd.Stdout = stdout
	}
	// In a process group of its own a terminal's interrupt does not reach it.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := at.do(p.cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() { p.ended <- p.cmd.Wait() }()
	return p, nil
}

// Run runs a program to its end, which it must reach within Patience.
func (at Place) Run(name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = Patience // a child of it may keep its output open
	var printed bytes.Buffer
	cmd.Stdout, cmd.Stderr = &printed, &printed
	if err := at.do(cmd.Run); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, bytes.TrimSpace(printed.Bytes()))
	}
	return nil
}

// do starts something in the place: a program inherits the CPUs of the thread that
// starts it.
func (at Place) do(start func() error) error {
	return at.Host.Do(func() error {
		if err := pin(at.CPUs...); err != nil {
			return err
		}
		defer pin(at.Home...)
		return start()
	})
}

// PID is the program's process number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Alive returns an error where the program has ended.
func (p *Process) Alive() error {
	select {
	case err := <-p.ended:
		p.ended <- err
		return fmt.Errorf("%s has ended: %v: %s", p.cmd.Path, err, bytes.TrimSpace(p.stderr.Bytes()))
	default:
		return nil
	}
}

// Stop ends the program.
func (p *Process) Stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(Patience):
		p.cmd.Process.Kill()
		<-p.ended
	}
}
