// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package rig

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"vblade/test/lab"
)

// Patience is how long a program may take.
const Patience = 10 * time.Second

// Place is where a program runs: on CPUs, inside a host. The benchmark itself is
// bound to the CPUs Home.
type Place struct {
	Host       *lab.Host
	CPUs, Home []int
}

// Launch starts a program and waits until it has printed a line.
func (at Place) Launch(name string, args ...string) (*lab.Process, error) {
	return lab.Launch(exec.Command(name, args...), at.start)
}

// Start starts a program.
func (at Place) Start(name string, args ...string) (*lab.Process, error) {
	return lab.Spawn(exec.Command(name, args...), at.start)
}

// start starts a command in the place.
func (at Place) start(cmd *exec.Cmd) error {
	// In a process group of its own a terminal's interrupt does not reach it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	return at.do(cmd.Start)
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
