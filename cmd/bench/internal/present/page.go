// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package present

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"vblade/cmd/bench/internal/measure"
	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/result"
	"vblade/cmd/bench/internal/rig"
)

// Setting is how a benchmark was run.
type Setting struct {
	Machine rig.Machine
	Rounds  int
	Length  time.Duration // of a sample
	Day     time.Time
}

// Page writes the page about a benchmark.
func Page(s Setting, results []*result.Result, tables []*Table) string {
	var b strings.Builder
	met, goals := result.Score(results)
	b.WriteString("<!-- SPDX-License-Identifier: GPL-2.0-only -->\n")
	fmt.Fprintf(&b, "# Benchmark\n\nvblade in Go (*ours*) beside the C program (*C*), one run on one machine; %s.\n", s.Day.Format("2 January 2006"))
	fmt.Fprintf(&b, "**%d of %d goals met.** %s.\n\n", met, goals, memoryLine(results))
	b.WriteString(ahead(results))
	b.WriteString("![Requests per second over requests outstanding](benchmark.svg)\n\n")
	b.WriteString(setting(s, results))
	for _, t := range tables {
		b.WriteString(t.markdown())
	}
	return b.String()
}

// Score sums the results up in a few lines.
func Score(results []*result.Result) string {
	met, goals := result.Score(results)
	return fmt.Sprintf("%s\nGoals met: %d of %d\n%s\n", memoryLine(results), met, goals, disturbance(results))
}

// memoryLine tells the memory of the programs.
func memoryLine(results []*result.Result) string {
	p := result.Peaks(results)
	ours := p[plan.Ours]
	line := fmt.Sprintf("Peak resident memory: C %.1f MiB, ours %.1f MiB", result.MiB(p[plan.C]), result.MiB(ours))
	if ours == 0 {
		return line
	}
	word := "missed"
	if ours <= plan.MaxPeak {
		word = "met"
	}
	return fmt.Sprintf("%s; goal ≤ %d MiB %s", line, plan.MaxPeak>>20, word)
}

// disturbance tells how much of the CPUs other programs took during the
// measurement.
func disturbance(results []*result.Result) string {
	shares := result.Others(results)
	if len(shares) == 0 {
		return "Nothing was measured"
	}
	middle := result.Median(shares)
	words := fmt.Sprintf("Other programs took %.1f %% of the two CPUs in the median sample, %.1f %% in the worst",
		100*middle, 100*slices.Max(shares))
	if middle > measure.Quiet {
		words += ": too much to rely on the rates and the p99; measure again when the machine is quiet"
	}
	return words
}

// setting writes what was measured, on what and how.
func setting(s Setting, results []*result.Result) string {
	m := s.Machine
	virtual := ""
	if m.Virtual {
		virtual = " (a virtual machine)"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "| | |\n|---|---|\n| Machine | %s, %s CPUs%s |\n| Kernel | %s |\n", m.CPU, m.Cores, virtual, m.Kernel)
	fmt.Fprintf(&b, "| C | %s |\n| ours | %s, Go %s |\n| Disks' files on | %s |\n", m.Peer, m.Ours, m.Go, m.FileSystem)
	fmt.Fprintf(&b, "| Samples | %d of %v each, after %v of warm-up |\n| Noise | %s |\n\n", s.Rounds, s.Length, measure.WarmUp, disturbance(results))
	b.WriteString("To reproduce, as root on a machine with two CPUs that has nothing else to do, with Debian's `vblade` and `fio` installed: `make bench`.\n\n")
	b.WriteString(strings.TrimSpace(method) + "\n")
	return b.String()
}

// method explains the numbers.
const method = `
Target and load stand at the two ends of a veth pair in a network namespace of their own, each bound to a CPU of its own.
Rounds alternate between the programs. Every sample is of a newly started process with the same command line (` + "`-b`" + ` is 16,
or the depth where that is more: the C program sizes its receive buffer by it). The load keeps *depth* requests outstanding,
each a full frame, and checks every reply and the data in it.

Numbers are medians over the three fifths of the samples that other programs disturbed least. A ratio is taken within each
round, ours to the C program's, and the median is over the three fifths of the rounds that were disturbed least: it need not
be the quotient of the medians beside it. *CPU* is the on-CPU time of all the target's threads per request, in microseconds,
with what the kernel does for them. Latency is from sending a request to having its reply. *Lost* is the number of requests
that had to be repeated, in all samples; *spread* is from the lowest to the highest rate, as a part of the median. A sample
during which other programs took more than a twentieth of both CPUs is taken again, twice at most, and the least disturbed
one counts. Rate times CPU is how busy the target's CPU was: near 1 it, and not the load, was the limit.

The load receives by a ring shared with the kernel and sends by AF_XDP, whichever program it measures. With the page cache it
polls for its replies: over a real wire its sleep and its waking would be none of the target's. With disks it sleeps, and
leaves the CPU to them.

The page cache's file has 256 MiB. Before every sample, once the target serves, it is written back, dropped from the page
cache and read again: so the page cache holds it alike for both programs, as it does for long after a start. The disk with a
latency of 1 ms is a FUSE file of 64 GiB, whose server runs on the load's CPU; its reads go through the page cache without
` + "`-d`" + `, its writes never do. In the tables where both CPUs are for all, target, load and disk run on either: what a disk's own
threads do is neither the target's nor the load's. The loop device lies over a file in memory, the ext4 file has 256 MiB, and
the file with a cold page cache has 2 GiB: the page cache is emptied before every sample. *fio* reads the same
file by io_uring with O_DIRECT, as many bytes a request and as many requests outstanding: it is the limit of that disk.

With many exports, *C* and *ours* are as many processes; *server* is one ` + "`vblade serve`" + ` to which all exports were added; *alone* is
a server with the loaded export only, on one link. *One of N* loads one export, the others are idle. With *two links* one
export is loaded on both at once, and the rate is the sum. Where *one of 20 hangs*, its disk answers no read, and two
initiators keep 320 requests to it outstanding and repeat them; the load asks the others in turn; *query ms* is the longest that
a config query to the export that hangs waited for its answer. *Calm* is the same without that. Ratios are *server* to *alone* or to
*calm*. PSS is the memory of all processes after a load, in which a page that several processes share counts once.

The last two tables show how far the packet sockets, the load and the slow disk reach without a target in between. The echo
receives, sends and waits as vblade does.
`
