// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package rig

import (
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Machine is what the benchmark ran on, and with.
type Machine struct {
	CPU, Cores string
	Kernel     string
	Virtual    bool
	FileSystem string // of the disks
	Peer       string // version of the C program
	Ours       string // version
	Go         string
}

// DefaultPeer is the C program of Debian's package vblade.
const DefaultPeer = "/usr/sbin/vblade"

// Describe describes this machine, with a C program and a type of file system for
// the disks; what cannot be found out is "unknown".
func Describe(peer, fileSystem string) Machine {
	m := Machine{
		CPU:        cpuInfo("model name"),
		Cores:      output("nproc", "--all"),
		Kernel:     kernel(),
		Virtual:    strings.Contains(" "+cpuInfo("flags")+" ", " hypervisor "),
		FileSystem: fileSystem,
		Peer:       peer,
		Ours:       output("git", "describe", "--tags", "--always", "--dirty"),
		Go:         strings.TrimPrefix(runtime.Version(), "go"),
	}
	if peer == DefaultPeer {
		m.Peer = "vblade " + output("dpkg-query", "-W", "-f", "${Version}", "vblade") + " of Debian"
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
