// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package rig

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"

	"vblade/cmd/bench/internal/plan"
)

// insideVariable marks the environment of a process that Isolate has started.
const insideVariable = "VBLADE_BENCH_INSIDE"

// CPUs says which CPU is the target's and which the load's.
type CPUs struct{ Target, Load int }

// Of returns the CPUs of the target and those of the load at a workload.
func (c CPUs) Of(w plan.Workload) (target, load []int) {
	if w.Disk.Shared() {
		both := []int{c.Target, c.Load}
		return both, both
	}
	return []int{c.Target}, []int{c.Load}
}

// Isolate gives the benchmark a mount namespace and the load a CPU, by starting
// this program again in its own place: only so do they hold for every thread,
// and the runtime counts its CPUs rightly. It returns in the program started.
func Isolate() (CPUs, error) {
	if s := os.Getenv(insideVariable); s != "" {
		var c CPUs
		_, err := fmt.Sscanf(s, "%d,%d", &c.Target, &c.Load)
		return c, err
	}
	runtime.LockOSThread() // to the exec: what follows is the thread's
	c, err := Choose()
	if err != nil {
		return c, err
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		if errors.Is(err, unix.EPERM) {
			return c, fmt.Errorf("make a mount namespace: %w (needs root, or run the command under `unshare -rn`)", err)
		}
		return c, fmt.Errorf("make a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return c, fmt.Errorf("make the mount namespace private: %w", err)
	}
	if err := pin(c.Load); err != nil {
		return c, err
	}
	env := append(os.Environ(), fmt.Sprintf("%s=%d,%d", insideVariable, c.Target, c.Load))
	return c, fmt.Errorf("start again: %w", unix.Exec("/proc/self/exe", os.Args, env))
}

// Choose returns the first and the last CPU that this process may use.
func Choose() (CPUs, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return CPUs{}, fmt.Errorf("find the usable CPUs: %w", err)
	}
	c := CPUs{Target: -1}
	for cpu := range len(set) * 64 {
		if !set.IsSet(cpu) {
			continue
		}
		if c.Target < 0 {
			c.Target = cpu
		}
		c.Load = cpu
	}
	if c.Target == c.Load {
		return c, errors.New("only one CPU is usable: the target and its load need one each")
	}
	return c, nil
}

// pin binds the calling thread, and what it starts, to CPUs.
func pin(cpus ...int) error {
	set := setOf(cpus)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("bind to CPU %v: %w", cpus, err)
	}
	return nil
}

// PinAll binds every thread of this process to CPUs.
func PinAll(cpus ...int) error {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list the threads: %w", err)
	}
	set := setOf(cpus)
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(tid, &set); err != nil && err != unix.ESRCH {
			return fmt.Errorf("bind thread %d to CPU %v: %w", tid, cpus, err)
		}
	}
	return nil
}

// setOf returns the set of CPUs.
func setOf(cpus []int) (set unix.CPUSet) {
	for _, cpu := range cpus {
		set.Set(cpu)
	}
	return set
}
