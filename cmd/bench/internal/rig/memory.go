// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package rig

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Peak returns the program's resident memory at its highest, in bytes.
func (p *Process) Peak() (int64, error) {
	kib, err := p.field("status", "VmHWM:")
	return kib << 10, err
}

// PSS returns the program's memory in bytes, of which each page counts by the part
// that this process has among those who share it.
func (p *Process) PSS() (int64, error) {
	kib, err := p.field("smaps_rollup", "Pss:")
	return kib << 10, err
}

// Threads returns how many threads the program has.
func (p *Process) Threads() (int64, error) { return p.field("status", "Threads:") }

// field returns a number of a file of the program's /proc.
func (p *Process) field(file, name string) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.PID(), file))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			return strconv.ParseInt(fields[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("pid %d: no %s in its %s", p.PID(), name, file)
}
