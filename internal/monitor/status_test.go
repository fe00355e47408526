// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"testing"
	"time"

	"vblade/internal/stats"
)

// TestStatusOfAFew pins the status of a handful of exports: their lines.
func TestStatusOfAFew(t *testing.T) {
	const want = `e65534.254: 0 reads 0 B, 0 writes 0 B, 0 flushes, 0 errors, 0 masked out, 0 in flight, p50 0 us, p99 0 us, 0 shed, oldest 0 us; ` +
		`e9.1: 12034 reads 12.3 MB, 88 writes 90.1 kB, 3 flushes, 9 errors (2 bad argument, 7 not found), 4 masked out, 5 in flight, ` +
		`p50 31 us, p99 31 us, 10 shed, oldest 12.3 s (disk failing, disk hanging, flush failed, 2 rivals)`
	if got := NewStatus(someStats).Line(); got != want {
		t.Errorf("the status is\n%s\nwant\n%s", got, want)
	}
}

// TestStatusOfMany follows the summary of a thousand exports.
func TestStatusOfMany(t *testing.T) {
	all, now := manyExports(1000), time.Unix(1000, 0)
	s := NewStatus(func() stats.Server { return all })
	s.now = func() time.Time { return now }
	check := func(want string) {
		t.Helper()
		if got := s.Line(); got != want {
			t.Errorf("the status is\n%s\nwant\n%s", got, want)
		}
		now = now.Add(2 * time.Second)
	}
	check("1000 exports, 3 links, 0 requests/s")
	all.Exports[7].Reads += 1000
	all.Exports[8].Writes += 20
	all.Exports[9].Flushes += 2
	check("1000 exports, 3 links, 511 requests/s")
	for i := 205; i < 209; i++ {
		all.Exports[i].Failing = true
	}
	all.Exports[300].FlushFailed = true
	all.Exports[301].Hanging = true
	all.Links[1].Down = "no carrier"
	check("1000 exports, 3 links, 0 requests/s, 4 disks failing: e2.5 e2.6 e2.7 ..., 1 disk with a failed flush: e3.0, 1 disk hanging: e3.1, 1 link down: eth1")
	all.Exports = all.Exports[:5]
	check("5 exports, 3 links, 0 requests/s, 1 link down: eth1")
	all.Exports[0].Reads++
	all.Links = all.Links[:1]
	check("5 exports, 1 link, 0 requests/s")
	all = stats.Server{}
	check("0 exports, 0 links, 0 requests/s")
}
