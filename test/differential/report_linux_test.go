// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// names say what the differences are that a frame can show (section 8).
var names = map[int]string{
	1:  "FLUSH CACHE answers status 0",
	2:  "FLUSH CACHE EXT refused; IDENTIFY does not have it",
	3:  "a 60-byte reply ends in bytes of earlier frames",
	4:  "adding or deleting a mask corrupts the list, or aborts",
	5:  "directives behind the frame's end",
	6:  "a list of 32 masks is full",
	7:  "a config string behind the frame's end",
	8:  "CHECK POWER MODE not answered",
	9:  "a reply over the MTU ends the process",
	13: "replies under 60 bytes are not padded",
}

// tally counts what a run met.
type tally struct {
	numbers  map[int]int // by number of the difference: how often it showed
	frames   int
	coverage coverage
	fresh    int // pairs started again
	aborts   int // the C program, by its own signal
	exits    int // the C program, by its own will

	discarded int // groups, because the machine stood still
}

// newTally returns a tally of nothing.
func newTally() *tally { return &tally{numbers: map[int]int{}, coverage: coverage{}} }

// add counts the differences that a reply showed.
func (c *tally) add(numbers []int) {
	for _, n := range numbers {
		c.numbers[n]++
	}
}

// String returns the tally as a table.
func (c *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d frames\n", c.frames)
	fmt.Fprintf(&b, "%8s  %s\n", "times", "difference")
	for _, n := range slices.Sorted(maps.Keys(names)) {
		fmt.Fprintf(&b, "%8d  %2d: %s\n", c.numbers[n], n, names[n])
	}
	fmt.Fprintf(&b, "%8d  pairs started afresh\n", c.fresh)
	fmt.Fprintf(&b, "%8d  of these because the C program aborted, %d because it exited\n", c.aborts, c.exits)
	if c.discarded > 0 {
		fmt.Fprintf(&b, "%8d  groups discarded, because this machine stood still\n", c.discarded)
	}
	b.WriteString(c.coverage.String())
	return b.String()
}

// complain fails the test with all that there is to know about a request.
func (p *pair) complain(r request, c, ours []byte, why string) bool {
	p.t.Helper()
	at := firstDifference(c, ours)
	p.t.Errorf(`frame %d: %s
request  %s
C        %s
ours     %s
The replies differ from byte %d on.
The programs' options: %q; both started before frame %d.
After its group the masks are %x, the config string %.40q.
%s`, r.index, why, hexOf(r.frame, 0), hexOf(c, at), hexOf(ours, at), at,
		p.leg.arguments("NETIF", "FILE"), p.began, p.model.masks, p.model.config, p.replay())
	return false
}

// replay says how to run the same frames again.
func (p *pair) replay() string {
	return fmt.Sprintf("Again: %s=%d %s=%d go test -count=1 -run '%s' ./test/differential",
		seedVariable, p.run.seed, framesVariable, p.run.frames, p.t.Name())
}

// firstDifference returns the index of the first byte in which a and b differ.
func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// hexOf returns a frame in hex; of a long one its begin, and what is around
// byte at.
func hexOf(f []byte, at int) string {
	const shown, around = 128, 32
	if f == nil {
		return "none"
	}
	if len(f) <= shown {
		return fmt.Sprintf("%d bytes: %x", len(f), f)
	}
	s := fmt.Sprintf("%d bytes: %x…", len(f), f[:shown])
	if at >= shown {
		from, to := min(at-around/2, len(f)), min(at+around, len(f))
		s += fmt.Sprintf(" from byte %d: %x…", from, f[from:to])
	}
	return s
}
