// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package rig

import "vblade/test/lab"

// Peak returns a program's resident memory at its highest, in bytes.
func Peak(p *lab.Process) (int64, error) {
	kib, err := p.Field("status", "VmHWM")
	return kib << 10, err
}

// PSS returns a program's memory in bytes. A page that it shares with others
// counts in equal parts for each of them.
func PSS(p *lab.Process) (int64, error) {
	kib, err := p.Field("smaps_rollup", "Pss")
	return kib << 10, err
}

// Threads returns how many threads a program has.
func Threads(p *lab.Process) (int64, error) { return p.Field("status", "Threads") }
