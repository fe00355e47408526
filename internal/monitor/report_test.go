// SPDX-License-Identifier: GPL-2.0-only

package monitor

import (
	"testing"
	"time"

	"vblade/internal/blade"
	"vblade/internal/stats"
)

// someStats are the figures of the tests: every one another.
func someStats() stats.Server {
	e := stats.Export{
		Shelf: 9, Slot: 1, Reads: 12034, ReadBytes: 12_322_816, Writes: 88, WriteBytes: 90_112, Flushes: 3, Masked: 4, InFlight: 5,
	}
	e.Disk, e.Bytes, e.ReadOnly, e.Links = `/srv/a "disk"`, 4_294_972_416, true, []string{"eth0", `a"b\c`}
	e.Errors[blade.FaultArgument], e.Errors[blade.FaultNotFound] = 2, 7
	e.Rivals = 2
	e.Shed, e.Repeated, e.Initiators, e.Oldest, e.Failing, e.Hanging, e.FlushFailed = 10, 12, 13, 12345*time.Millisecond, true, true, true
	e.Service = stats.NewService()
	e.Service[stats.Read].Add(30*time.Microsecond, 12034)
	e.Service[stats.Write].Add(time.Millisecond, 87)
	e.Service[stats.Write].Add(20*time.Second, 1)
	return stats.Server{
		Exports: []stats.Export{{Shelf: 65534, Slot: 254, Disk: "/dev/sdb", Links: []string{"eth0"}}, e},
		Links: []stats.Link{
			{Name: "eth0", Received: 12200, Ignored: 66, Sent: 12130, Dropped: 8, Unsent: 6, Stale: 3, Receive: "ring", Send: "AF_XDP"},
			{Name: `a"b\c`, Down: "no carrier", Receive: "recvmmsg", WhyReceive: "no memory", Send: "bypass", WhySend: "AF_XDP: not on a bridge interface"},
		},
	}
}

// TestReport pins the form of the report, which other people's scripts read.
func TestReport(t *testing.T) {
	const want = `e65534.254: 0 reads 0 B, 0 writes 0 B, 0 flushes, 0 errors, 0 masked out, 0 in flight, p50 0 us, p99 0 us, 0 shed, oldest 0 us
e9.1: 12034 reads 12.3 MB, 88 writes 90.1 kB, 3 flushes, 9 errors (2 bad argument, 7 not found), 4 masked out, 5 in flight, p50 31 us, p99 31 us, 10 shed, oldest 12.3 s (disk failing, disk hanging, flush failed, 2 rivals)
eth0: 12200 frames received, 12130 sent, 66 ignored, 8 dropped by the kernel, 6 replies dropped, received by ring, sent by AF_XDP, 3 stale
a"b\c: 0 frames received, 0 sent, 0 ignored, 0 dropped by the kernel, 0 replies dropped, received by recvmmsg (no memory), sent by bypass (AF_XDP: not on a bridge interface), 0 stale
`
	if got := Report(someStats()); got != want {
		t.Errorf("the report is\n%swant\n%s", got, want)
	}
}

// TestFaults pins the names of the errors in the report.
func TestFaults(t *testing.T) {
	var e stats.Export
	for f := range e.Errors {
		e.Errors[f] = uint64(f)
	}
	const want = "45 errors (1 unrecognized command, 2 bad argument, 3 device unavailable, 4 config string present, " +
		"5 unsupported version, 6 reserved, 7 not found, 8 aborted, 9 disk failed)"
	if got := errorCounts(&e); got != want {
		t.Errorf("the errors are\n%s\nwant\n%s", got, want)
	}
}

// TestQuantities pins the form of figures.
func TestQuantities(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 B", 1: "1 B", 999: "999 B", 1000: "1.0 kB", 1049: "1.0 kB", 1051: "1.1 kB", 999_949: "999.9 kB", 999_950: "1.0 MB",
		12_322_816: "12.3 MB", 123_456_789_000: "123.5 GB", 5e12: "5.0 TB", 7.25e15: "7.2 PB", 1 << 63: "9223.4 PB",
	} {
		if got := byteCount(n); got != want {
			t.Errorf("%d bytes are %q; want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		0: "0 us", 499: "0 us", 501: "1 us", 35 * time.Microsecond: "35 us", 999_400: "999 us", 999_500: "1.0 ms",
		1250 * time.Microsecond: "1.2 ms", 999_949_999: "999.9 ms", 999_950_000: "1.0 s", 90 * time.Second: "90.0 s", 2 * time.Hour: "7200.0 s",
	} {
		if got := duration(d); got != want {
			t.Errorf("%v is %q; want %q", d, got, want)
		}
	}
}
