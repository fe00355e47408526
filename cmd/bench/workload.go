// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"fmt"
	"strings"
)

// program is what is measured.
type program string

// The programs.
const (
	theirs program = "C"
	ours   program = "ours"
	floor  program = "echo"
	alone  program = "threads" // the slow disk's file read by threads on the target's CPU
	limit  program = "fio"     // the disk's file read by fio with io_uring
)

// disk is what a target exports.
type disk string

// The disks.
const (
	cachedDisk disk = "cache" // a file that lies in the page cache
	slowDisk   disk = "slow"  // a FUSE file with a latency of slowDelay
	realDisk   disk = "file"  // the same file as cachedDisk, for -d
	syncedDisk disk = "sync"  // a file on ext4, for -s
	noDisk     disk = "echo"
	bareDisk   disk = "slowdisk" // slowDisk without a target
)

// The disks that are measured with both CPUs for all: a disk's own work belongs
// to neither the target nor the load.
const (
	loopDisk disk = "loop" // a loop device over memory
	extDisk  disk = "ext4" // a file on ext4
	coldDisk disk = "cold" // a file on ext4 of which the page cache holds nothing
	fuseDisk disk = "fuse" // slowDisk
)

// shared tells whether target and load share the CPUs.
func (d disk) shared() bool {
	return d == loopDisk || d == extDisk || d == coldDisk || d == fuseDisk
}

// workload is a load on a target that exports a disk.
type workload struct {
	group  string // the table that it stands in
	disk   disk
	mtu    int
	flags  string // of the command line, such as -d
	random bool
	write  bool
	depth  int // requests outstanding
	short  bool
	goals  []goal
}

// name is what -only matches.
func (w workload) name() string {
	return strings.Join([]string{string(w.disk) + w.flags, fmt.Sprint(w.mtu), w.pattern(), fmt.Sprint(w.depth)}, "/")
}

// pattern says in words what is read or written.
func (w workload) pattern() string {
	order, direction := "sequential", "read"
	if w.random {
		order = "random"
	}
	if w.write {
		direction = "write"
	}
	return order + " " + direction
}

// programs returns what runs the workload, in the order of a round.
func (w workload) programs() []program {
	switch w.disk {
	case noDisk:
		return []program{floor}
	case bareDisk:
		return []program{alone}
	case extDisk:
		if w.flags == "-d" && !w.write && w.depth > 1 {
			return []program{theirs, ours, limit}
		}
	}
	return []program{theirs, ours}
}

// Titles of the groups.
const (
	groupCache = "Page cache, MTU 1500 (1 KiB a request)"
	groupJumbo = "Page cache, MTU 9000 (8.5 KiB a request)"
	groupSlow  = "Disk with a latency of 1 ms, MTU 1500"
	groupFile  = "Straight to the disk, MTU 1500"
	groupLoop  = "Loop device over memory, straight to it, MTU 1500, both CPUs for all"
	groupExt   = "File on ext4, MTU 1500, both CPUs for all"
	groupCold  = "File on ext4 with a cold page cache, MTU 1500, both CPUs for all"
	groupFuse  = "Disk with a latency of 1 ms, MTU 1500, both CPUs for all"
	groupEcho  = "Echo without a disk: the floor of the packet sockets"
	groupAlone = "The disk with a latency of 1 ms by itself"
)

// depths are the numbers of requests outstanding.
var depths = []int{1, 4, 16, 64}

// workloads returns every workload, in the order of the tables.
func workloads() []workload {
	var all []workload
	for _, mtu := range []int{1500, 9000} {
		all = append(all, cacheWorkloads(mtu)...)
	}
	for _, flags := range []string{"", "-d"} {
		for _, write := range []bool{false, true} {
			for _, depth := range []int{16, 64} {
				all = append(all, workload{group: groupSlow, disk: slowDisk, mtu: 1500, flags: flags, random: true, write: write, depth: depth,
					short: depth == 16 && write == (flags == "")})
			}
		}
	}
	all = append(all,
		workload{group: groupFile, disk: realDisk, mtu: 1500, flags: "-d", random: true, depth: 16},
		workload{group: groupFile, disk: syncedDisk, mtu: 1500, flags: "-s", write: true, depth: 16, short: true})
	all = append(all, diskWorkloads()...)
	all = append(all, echoWorkloads()...)
	for _, depth := range []int{16, 64} {
		all = append(all, workload{group: groupAlone, disk: bareDisk, mtu: 1500, random: true, depth: depth, short: depth == 16})
	}
	for i := range all {
		all[i].goals = goalsOf(all[i])
	}
	return all
}

// cacheWorkloads returns the workloads of the page cache.
func cacheWorkloads(mtu int) []workload {
	group := groupCache
	if mtu == 9000 {
		group = groupJumbo
	}
	var all []workload
	for _, random := range []bool{false, true} {
		for _, write := range []bool{false, true} {
			for _, depth := range depths {
				w := workload{group: group, disk: cachedDisk, mtu: mtu, random: random, write: write, depth: depth}
				switch {
				case mtu == 1500:
					w.short = depth == 64 || depth == 16 && !random || depth == 1 && !random && !write
				default:
					w.short = depth == 64 && random != write
				}
				all = append(all, w)
			}
		}
	}
	return all
}

// diskWorkloads returns the workloads of disks at their own speed.
func diskWorkloads() []workload {
	var all []workload
	add := func(group string, d disk, flags string, write bool, depths ...int) {
		for _, depth := range depths {
			all = append(all, workload{group: group, disk: d, mtu: 1500, flags: flags, random: true, write: write, depth: depth})
		}
	}
	add(groupLoop, loopDisk, "-d", false, 1, 4, 16, 64)
	add(groupLoop, loopDisk, "-d", true, 1, 4, 16, 64)
	add(groupExt, extDisk, "-d", false, 1, 16, 64)
	add(groupExt, extDisk, "-d", true, 1)
	add(groupExt, extDisk, "-s", true, 1, 16, 64)
	add(groupCold, coldDisk, "", false, 1, 64)
	add(groupFuse, fuseDisk, "", false, 1, 16, 64)
	return all
}

// echoWorkloads returns the workloads of the echo.
func echoWorkloads() []workload {
	var all []workload
	for _, mtu := range []int{1500, 9000} {
		for _, write := range []bool{false, true} {
			for _, depth := range depths {
				all = append(all, workload{group: groupEcho, disk: noDisk, mtu: mtu, write: write, depth: depth,
					short: mtu == 1500 && depth == 64})
			}
		}
	}
	return all
}
