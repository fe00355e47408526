// SPDX-License-Identifier: GPL-2.0-only

package plan

import (
	"fmt"
	"strings"
)

// Program is what is measured.
type Program string

// The programs.
const (
	C       Program = "C"       // the C program, one process for each export
	Ours    Program = "ours"    // vblade with one export, one process for each
	Server  Program = "server"  // vblade serve with all exports and links
	Alone   Program = "alone"   // vblade serve with one export on one link
	Calm    Program = "calm"    // Server, with nothing that hangs
	Echo    Program = "echo"    // answers as a target would, but has no disk
	Threads Program = "threads" // read the disk without a target
	Fio     Program = "fio"     // reads the disk by io_uring, without a target
)

// Disk is what a target exports.
type Disk string

// The disks.
const (
	Cached Disk = "cache" // a file in the page cache
	Slow   Disk = "slow"  // a FUSE file with a latency of a millisecond
	Synced Disk = "sync"  // a file on ext4, for -s
	Loop   Disk = "loop"  // a loop device over memory
	Ext4   Disk = "ext4"  // a file on ext4
	Cold   Disk = "cold"  // a file on ext4 that is not in the page cache
	Fuse   Disk = "fuse"  // Slow, with both CPUs for all
	Bare   Disk = "bare"  // Slow without a target
	None   Disk = "echo"
)

// Shared reports whether target and load share the CPUs, because the disk's own
// work belongs to neither.
func (d Disk) Shared() bool { return d == Loop || d == Ext4 || d == Cold || d == Fuse }

// Polls reports whether the load polls for its replies, which it does unless the
// disk needs its CPU. On a real wire a target does not pay for waking its
// initiator, and the initiator's sleep is not part of the target's latency.
func (d Disk) Polls() bool { return d == Cached || d == None }

// Workload is a load on a target that exports a disk, or on many.
type Workload struct {
	Group    Group
	Disk     Disk
	MTU      int
	Flags    string // of the command line, such as -d
	Random   bool
	Write    bool
	Depth    int // requests outstanding on a link
	Short    bool
	Programs []Program // in the order of a round
	Host     Host
	Goals    []Goal
}

// Host is what a workload has besides the loaded export. The zero Host has one
// export on one link.
type Host struct {
	Name    string // what the workload is named after
	Exports int    // all of them
	Links   int    // on which the loaded export is served
	Hangs   bool   // one export hangs with requests; all others are loaded in turn
	Sizes   bool   // memory and time to start are wanted, not the rate
}

// Name is what -only matches.
func (w Workload) Name() string {
	name := string(w.Disk) + w.Flags
	if w.Host.Name != "" {
		name = w.Host.Name
	}
	if w.Host.Sizes {
		return name
	}
	return strings.Join([]string{name, fmt.Sprint(w.MTU), w.Pattern(), fmt.Sprint(w.Depth)}, "/")
}

// Pattern says in words what is read or written.
func (w Workload) Pattern() string {
	order, direction := "sequential", "read"
	if w.Random {
		order = "random"
	}
	if w.Write {
		direction = "write"
	}
	return order + " " + direction
}

// Title is the workload's name in its table.
func (w Workload) Title() string {
	switch {
	case w.Host.Sizes:
		return w.Host.Name
	case w.Host.Name != "":
		return w.Host.Name + ", " + w.Pattern()
	case w.Flags != "":
		return w.Pattern() + " " + w.Flags
	}
	return w.Pattern()
}

// Compared returns the programs whose ratio the goals bound: that of the second
// to the first.
func (w Workload) Compared() (base, subject Program) {
	switch {
	case w.has(Alone):
		return Alone, Server
	case w.has(Calm):
		return Calm, Server
	case w.has(Server):
		return C, Server
	}
	return C, Ours
}

// has reports whether a program runs the workload.
func (w Workload) has(p Program) bool {
	for _, x := range w.Programs {
		if x == p {
			return true
		}
	}
	return false
}

// Polls reports whether the load polls for its replies. Two loads cannot on one
// CPU.
func (w Workload) Polls() bool { return w.Disk.Polls() && w.Host.Links < 2 && !w.Host.Hangs }
