// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package rig

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	"vblade/test/lab"
)

// Meter reads CPU times.
type Meter struct {
	CPUs    CPUs
	Targets []*lab.Process
	Helpers []*lab.Process // others that belong to the measurement
	Kernel  bool           // the kernel's threads work for the measurement, too
}

// Reading is what a Meter shows, from an arbitrary beginning.
type Reading struct {
	Target time.Duration // CPU time of all the targets' threads
	Others time.Duration // of all on both CPUs that is not the benchmark's
}

// Since returns what the meter has counted since an earlier reading.
func (r Reading) Since(before Reading) Reading {
	return Reading{r.Target - before.Target, r.Others - before.Others}
}

// Read reads the meter.
func (m *Meter) Read() (r Reading, err error) {
	if r.Target, err = clocks(m.Targets); err != nil {
		return r, err
	}
	known, err := clocks(m.Helpers)
	if err != nil {
		return r, err
	}
	own, err := clock(os.Getpid())
	if err != nil {
		return r, err
	}
	if m.Kernel {
		threads, err := kernelTime()
		if err != nil {
			return r, err
		}
		own += threads
	}
	busy, err := busyTime(m.CPUs.Target, m.CPUs.Load)
	r.Others = busy - own - known - r.Target
	return r, err
}

// clocks returns the CPU time of processes.
func clocks(all []*lab.Process) (sum time.Duration, err error) {
	for _, p := range all {
		t, err := clock(p.Pid())
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

// clock returns the CPU time of a process: of all its threads, also of those
// that have ended. It is the sum of what /proc/PID/task/*/schedstat counts, up
// to this moment.
func clock(pid int) (time.Duration, error) {
	// A clock's number as clock_getcpuclockid(3) makes it from a pid.
	const schedClock = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|schedClock), &ts); err != nil {
		return 0, fmt.Errorf("read the CPU clock of pid %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}

// kthreadd is the parent of all the kernel's threads.
const kthreadd = 2

// Fields of /proc/PID/stat, from the one after the name on.
const (
	statParent = 1
	statUser   = 11 // hundredths of a second
	statSystem = 12
)

// kernelTime returns the CPU time of the kernel's threads that live.
func kernelTime() (time.Duration, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	var sum time.Duration
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(f) <= statSystem || f[statParent] != strconv.Itoa(kthreadd) {
			continue
		}
		for _, field := range f[statUser : statSystem+1] {
			n, err := strconv.ParseInt(field, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", path, err)
			}
			sum += time.Duration(n) * time.Second / 100
		}
	}
	return sum, nil
}

// Columns of a CPU's line in /proc/stat, in hundredths of a second, from its
// name on: user, nice, system, idle, iowait, irq, softirq, steal.
const (
	columnIdle   = 4
	columnIOWait = 5
	columnSteal  = 8
)

// busyTime returns how long two CPUs together have not been idle.
func busyTime(a, b int) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	var busy time.Duration
	for line := range strings.Lines(string(stat)) {
		f := strings.Fields(line)
		if f[0] != fmt.Sprint("cpu", a) && f[0] != fmt.Sprint("cpu", b) {
			continue
		}
		for column := 1; column <= columnSteal; column++ {
			n, err := strconv.ParseInt(f[column], 10, 64)
			if err != nil {
				return 0, fmt.Errorf("/proc/stat: %w", err)
			}
			if column != columnIdle && column != columnIOWait {
				busy += time.Duration(n) * time.Second / 100
			}
		}
	}
	return busy, nil
}
