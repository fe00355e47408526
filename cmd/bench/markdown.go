// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"
)

// markdown writes the page about a benchmark.
func markdown(o options, m machine, results []*result, all []*table) string {
	var b strings.Builder
	met, goals := score(results)
	fmt.Fprintf(&b, "# Benchmark\n\nvblade in Go (*ours*) beside the C program (*C*), one run on one machine; %s.\n", time.Now().UTC().Format("2 January 2006"))
	fmt.Fprintf(&b, "**%d of %d goals met.** %s.\n\n", met, goals, memoryLine(results))
	b.WriteString("![Requests per second over requests outstanding](benchmark.svg)\n\n")
	b.WriteString(setting(o, m, results))
	for _, t := range all {
		b.WriteString(t.markdown())
	}
	return b.String()
}

// setting writes what was measured, on what and how.
func setting(o options, m machine, results []*result) string {
	virtual := ""
	if m.virtual {
		virtual = " (a virtual machine)"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| | |\n|---|---|\n| Machine | %s, %s CPUs%s |\n| Kernel | %s |\n", m.cpu, m.cores, virtual, m.kernel)
	fmt.Fprintf(&b, "| C | %s |\n| ours | %s, Go %s |\n| Disks' files on | %s |\n", m.peer, m.ours, m.golang, m.fileSystem)
	fmt.Fprintf(&b, "| Samples | %d of %v each, after %v of warm-up |\n| Noise | %s |\n\n", o.rounds, o.length, warmUp, disturbance(results))
	b.WriteString("To reproduce, as root on a machine with two CPUs that has nothing else to do, with Debian's `vblade` installed: `make bench`.\n\n")
	b.WriteString(strings.TrimSpace(method) + "\n")
	return b.String()
}

// method says how the numbers come about.
const method = `
How it is measured: target and load stand at the two ends of a veth pair in a network namespace of their own, each bound to a
CPU of its own. Rounds alternate between the programs, and every sample is of a process newly started, with the same command
line (` + "`-b`" + ` is 16, or the depth where that is more: the C program sizes its receive buffer by it). The load keeps *depth*
requests outstanding, each a full frame, and checks every reply and the data in it. Numbers are medians over the three fifths
of the samples that other programs disturbed least. Ratios are ours to the C program's in the same round, and their medians
over the three fifths of the rounds that were disturbed least: they need not be the quotient of the medians beside them. *CPU* is the on-CPU time of all the
target's threads per request, in microseconds, with what the kernel does for them. Latency is from sending a request to
having its reply. *Lost* are the requests that had to be repeated, in all samples; *spread* is from the lowest to the highest
rate, as a part of the median. A sample during which other programs took more than a twentieth of both CPUs is taken again,
twice at most, and the least disturbed one counts. Rate times CPU is how busy the target's CPU was: near 1 it, and not the
load, was the limit.

The load polls for its replies: over a real wire its sleep and its waking would be none of the target's. So that it is not
the limit, it receives by a ring shared with the kernel and sends by AF_XDP, whichever program it measures. With the slow disk,
` + "`-d` and `-s`" + ` it sleeps, and leaves its CPU to the disk. The page cache's file has 256 MiB, was written 4 KiB at a time and
is written back before every sample. The disk with a latency of 1 ms is a FUSE file of 64 GiB whose server runs on the load's
CPU; its reads go through the page cache without ` + "`-d`" + `, its writes never do. The last two tables show how far the packet
sockets, the load and that disk reach without a target in between.
`

// markdown writes the table as Markdown.
func (t *table) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n| %s |\n|", t.title, strings.Join(t.head, " | "))
	for i := range t.head {
		if i < t.text || t.head[i] == "goals" {
			b.WriteString("---|")
		} else {
			b.WriteString("---:|")
		}
	}
	b.WriteString("\n")
	for _, row := range t.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	for _, note := range t.notes {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	return b.String()
}
