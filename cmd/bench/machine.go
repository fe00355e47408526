// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is what the benchmark ran on, and with.
type machine struct {
	cpu        string
	cores      string
	kernel     string
	virtual    bool
	fileSystem string // of the disks
	peer       string // version of the C program
	ours       string // version
	golang     string
}

// describe describes this machine; what cannot be found out is "unknown".
func describe(o options) machine {
	kind, err := fileSystemOf(o.dir)
	if err != nil {
		kind = "unknown"
	}
	if kind != "ext4" {
		kind += "; for -s on ext4 on a loop device on it"
	}
	m := machine{
		cpu:        cpuInfo("model name"),
		cores:      output("nproc", "--all"),
		kernel:     kernel(),
		virtual:    strings.Contains(" "+cpuInfo("flags")+" ", " hypervisor "),
		fileSystem: kind,
		peer:       o.peer,
		ours:       output("git", "describe", "--tags", "--always", "--dirty"),
		golang:     strings.TrimPrefix(runtime.Version(), "go"),
	}
	if o.peer == defaultPeer {
		m.peer = "vblade " + output("dpkg-query", "-W", "-f", "${Version}", "vblade") + " of Debian"
	}
	return m
}

// cpuInfo returns a field of /proc/cpuinfo.
func cpuInfo(field string) string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == field {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// kernel returns the version of the kernel and the machine's architecture.
func kernel() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "unknown"
	}
	version, _, _ := strings.Cut(unix.ByteSliceToString(u.Release[:]), "-")
	return "Linux " + version + ", " + unix.ByteSliceToString(u.Machine[:])
}

// output returns what a program prints.
func output(name string, args ...string) string {
	b, err := exec.Command(name, args...).Output()
	if s := strings.TrimSpace(string(b)); err == nil && s != "" {
		return s
	}
	return "unknown"
}
