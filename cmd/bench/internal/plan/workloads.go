// SPDX-License-Identifier: GPL-2.0-only

package plan

// Group is a table of the results.
type Group string

// The groups.
const (
	GroupCache Group = "Page cache, MTU 1500 (1 KiB a request)"
	GroupJumbo Group = "Page cache, MTU 9000 (8.5 KiB a request)"
	GroupSlow  Group = "Disk with a latency of 1 ms, MTU 1500"
	GroupSync  Group = "Synchronous writes to a file on ext4, MTU 1500"
	GroupLoop  Group = "Loop device over memory, straight to it, MTU 1500, both CPUs for all"
	GroupExt4  Group = "File on ext4, MTU 1500, both CPUs for all"
	GroupCold  Group = "File on ext4 with a cold page cache, MTU 1500, both CPUs for all"
	GroupFuse  Group = "Disk with a latency of 1 ms, MTU 1500, both CPUs for all"
	GroupMany  Group = "One busy export among idle ones, page cache, MTU 1500"
	GroupLinks Group = "One export on two links, both busy, page cache, MTU 1500"
	GroupHangs Group = "One export of 20 hangs, page cache, MTU 1500"
	GroupSizes Group = "Memory and start of many exports"
	GroupEcho  Group = "Echo without a disk: the floor of the packet sockets"
	GroupBare  Group = "The disk with a latency of 1 ms by itself"
)

// Depths are the numbers of requests outstanding.
var Depths = []int{1, 4, 16, 64}

// The programs of most workloads.
var (
	both = []Program{C, Ours}
	fio  = []Program{C, Ours, Fio}
)

// Workloads returns every workload, in the order of the tables.
func Workloads() []Workload {
	var all []Workload
	for _, mtu := range []int{1500, 9000} {
		all = append(all, cacheWorkloads(mtu)...)
	}
	all = append(all, slowWorkloads()...)
	all = append(all, diskWorkloads()...)
	all = append(all, hostWorkloads()...)
	all = append(all, sizeWorkloads()...)
	all = append(all, floorWorkloads()...)
	for i := range all {
		all[i].Goals = goalsOf(all[i].Name())
	}
	return all
}

// cacheWorkloads returns the workloads of the page cache.
func cacheWorkloads(mtu int) []Workload {
	group := GroupCache
	if mtu == 9000 {
		group = GroupJumbo
	}
	var all []Workload
	for _, random := range []bool{false, true} {
		for _, write := range []bool{false, true} {
			for _, depth := range Depths {
				w := Workload{Group: group, Disk: Cached, MTU: mtu, Random: random, Write: write, Depth: depth, Programs: both}
				switch {
				case mtu == 1500:
					w.Short = depth == 64 || depth == 16 && !random || depth == 1 && !random && !write
				default:
					w.Short = depth == 64 && random != write
				}
				all = append(all, w)
			}
		}
	}
	return all
}

// slowWorkloads returns the workloads of disks that the target has to wait for,
// with a CPU for the target and one for disk and load.
func slowWorkloads() []Workload {
	var all []Workload
	for _, flags := range []string{"", "-d"} {
		for _, write := range []bool{false, true} {
			for _, depth := range []int{16, 64} {
				all = append(all, Workload{Group: GroupSlow, Disk: Slow, MTU: 1500, Flags: flags, Random: true, Write: write, Depth: depth,
					Short: depth == 16 && write == (flags == ""), Programs: both})
			}
		}
	}
	return append(all, Workload{Group: GroupSync, Disk: Synced, MTU: 1500, Flags: "-s", Write: true, Depth: 16, Short: true, Programs: both})
}

// diskWorkloads returns the workloads of disks at their own speed. Target, disk
// and load share both CPUs.
func diskWorkloads() []Workload {
	var all []Workload
	add := func(group Group, d Disk, flags string, write bool, programs []Program, depths ...int) {
		for _, depth := range depths {
			all = append(all, Workload{Group: group, Disk: d, MTU: 1500, Flags: flags, Random: true, Write: write, Depth: depth, Programs: programs})
		}
	}
	add(GroupLoop, Loop, "-d", false, both, 1, 4, 16, 64)
	add(GroupLoop, Loop, "-d", true, both, 1, 4, 16, 64)
	add(GroupExt4, Ext4, "-d", false, fio, 1, 16, 64)
	add(GroupExt4, Ext4, "-d", true, both, 1)
	add(GroupExt4, Ext4, "-s", true, both, 1, 16, 64)
	add(GroupCold, Cold, "", false, both, 1, 64)
	add(GroupCold, Cold, "", true, both, 1, 16, 64)
	add(GroupFuse, Fuse, "", false, both, 1, 16, 64)
	return all
}

// hostWorkloads returns the workloads of servers of many exports and links.
func hostWorkloads() []Workload {
	var all []Workload
	add := func(group Group, h Host, random bool, depth int, programs ...Program) {
		all = append(all, Workload{Group: group, Disk: Cached, MTU: 1500, Random: random, Depth: depth, Programs: programs, Host: h})
	}
	fifty, thousand := Host{Name: "one of 50", Exports: 50}, Host{Name: "one of 1000", Exports: 1000}
	add(GroupMany, fifty, false, 16, C, Ours, Alone, Server)
	add(GroupMany, fifty, true, 64, C, Ours, Alone, Server)
	add(GroupMany, thousand, false, 16, Alone, Server)
	add(GroupMany, thousand, true, 64, Alone, Server)
	links := Host{Name: "two links", Links: 2}
	add(GroupLinks, links, false, 16, Alone, Server)
	add(GroupLinks, links, true, 64, Alone, Server)
	add(GroupHangs, Host{Name: "one of 20 hangs", Exports: 20, Hangs: true}, true, 16, C, Calm, Server)
	return all
}

// sizeWorkloads returns the workloads that measure memory and start. Each export
// is loaded a little before the memory is read.
func sizeWorkloads() []Workload {
	var all []Workload
	add := func(h Host, programs ...Program) {
		h.Sizes = true
		all = append(all, Workload{Group: GroupSizes, Disk: Cached, MTU: 1500, Random: true, Depth: 64, Programs: programs, Host: h})
	}
	add(Host{Name: "1 export"}, C, Ours, Server)
	add(Host{Name: "1 export on 2 links", Links: 2}, Alone, Server)
	add(Host{Name: "50 exports", Exports: 50}, C, Ours, Server)
	add(Host{Name: "1000 exports", Exports: 1000}, Server)
	return all
}

// floorWorkloads returns the workloads without a target or without a disk.
func floorWorkloads() []Workload {
	var all []Workload
	for _, mtu := range []int{1500, 9000} {
		for _, write := range []bool{false, true} {
			for _, depth := range Depths {
				all = append(all, Workload{Group: GroupEcho, Disk: None, MTU: mtu, Write: write, Depth: depth,
					Short: mtu == 1500 && depth == 64, Programs: []Program{Echo}})
			}
		}
	}
	for _, depth := range []int{16, 64} {
		all = append(all, Workload{Group: GroupBare, Disk: Bare, MTU: 1500, Random: true, Depth: depth, Short: depth == 16, Programs: []Program{Threads}})
	}
	return all
}
