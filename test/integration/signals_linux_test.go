// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// endPatience is how long an end by a signal may take, and what a loaded machine
// adds to it. That it stands still does not count.
const endPatience = 8 * time.Second

// failed waits for a target to end with status 1, soon after the signal at which a clock
// was started, and compares what it printed.
func (s *site) failed(v *lab.Process, clock *lab.Clock, want ...string) {
	s.t.Helper()
	var ended *exec.ExitError
	if err := v.Wait(); !errors.As(err, &ended) || ended.ExitCode() != 1 {
		s.t.Errorf("it ends with %v; want status 1", err)
	}
	if took := clock.Now(); took > endPatience {
		s.t.Errorf("it ended %v after the signal", took)
	}
	// The disk's size is looked at now and then, and such a look may hang as well.
	const size = "; e9.0: its size is still being found out: the disk hangs"
	if last := len(want) - 1; strings.Contains(v.Stderr(), size) && !strings.Contains(want[last], size) {
		want[last] += size
	}
	s.printed(v, want...)
}

// TestFinalSync ends a target by each signal that ends one: what was written is
// synced once, and by a read-only one nothing is.
func TestFinalSync(t *testing.T) {
	s := newSite(t, 1500)
	for _, end := range []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		disk := s.slowDisk()
		v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", disk.Path())
		s.must(s.find(aoe.MAC{}).WriteAt(make([]byte, sectorSize), 0))
		if n := disk.Entered(slowdisk.Sync); n != 0 {
			t.Errorf("%d syncs before %v", n, end)
		}
		v.Signal(end)
		if err := v.Wait(); err != nil {
			t.Errorf("after %v: %v", end, err)
		}
		if n := disk.Entered(slowdisk.Sync); n != 1 {
			t.Errorf("%d syncs at the end by %v; want 1", n, end)
		}
		s.printed(v)
	}
	disk := s.slowDisk()
	s.logged(s.host.StartVblade(t, s.vblade, "-r", "9", "0", "tgt0", disk.Path()))
	if n := disk.Entered(slowdisk.Sync); n != 0 {
		t.Errorf("%d syncs of a read-only export", n)
	}
}

// TestIgnoredSignals starts a target as nohup does, or a shell in the background:
// what was ignored then stays so.
func TestIgnoredSignals(t *testing.T) {
	s := newSite(t, 1500)
	v := s.host.StartVblade(t, "/bin/sh", "-c", `trap "" HUP INT; exec "$0" "$@"`, s.vblade, "9", "0", "tgt0", s.image)
	target := s.find(aoe.MAC{})
	if mask := s.ignored(v); mask&3 != 3 { // bit n-1 for signal n
		t.Errorf("vblade ignores the signals of the mask %#x; want 1 and 2", mask)
	}
	for _, ignored := range []os.Signal{syscall.SIGHUP, syscall.SIGINT} {
		v.Signal(ignored)
		if _, err := target.Identify(); err != nil {
			t.Errorf("after %v: %v", ignored, err)
		}
	}
	s.logged(v)
}

// ignored returns the mask of the signals that a target ignores.
func (s *site) ignored(v *lab.Process) (mask uint64) {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.Pid()))
	s.must(0, err)
	_, rest, _ := strings.Cut(string(status), "SigIgn:")
	s.must(fmt.Sscanf(rest, "%x", &mask))
	return mask
}

// TestHungDiskAtSignal ends a target whose disk hangs with requests in flight: it does
// in time, and says which are lost. While the kernel waits for a device, it keeps the
// process, which has nothing more to do.
func TestHungDiskAtSignal(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *site, disk *slowExport) {
		v := s.startSlow(disk)
		target := s.find(aoe.MAC{})
		st := s.far.Station(t, "ini0")
		for op := slowdisk.Read; op <= slowdisk.Sync; op++ {
			disk.Hang(op)
		}
		reads := disk.Entered(slowdisk.Read)
		s.atOnce(v, st, ataRequest(st, target.MAC, ata.ReadExt, 2, 8, nil), ataRequest(st, target.MAC, ata.WriteExt, 1, 1234, make([]byte, sectorSize)))
		if !disk.Await(slowdisk.Read, reads+1, patience) || !disk.Await(slowdisk.Write, 1, patience) {
			t.Fatal("the requests do not come to the disk")
		}
		want := "2 requests not finished, the disk hangs: e9.0: read of 2 sectors at LBA 8, e9.0: write of 1 sector at LBA 1234; " +
			"e9.0: the last sync has not ended: what was written is not known to be on the disk"
		clock := lab.NewClock(t)
		v.Signal(syscall.SIGTERM)
		if disk.rings {
			s.awaitLine(v, want)
			for op := slowdisk.Read; op <= slowdisk.Sync; op++ {
				disk.Release(op)
			}
		}
		s.failed(v, clock, want)
	})
}

// TestHungSync ends a target whose last sync hangs, or fails.
func TestHungSync(t *testing.T) {
	s := newSite(t, 1500)
	disk := s.slowDisk()
	v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", disk.Path())
	disk.Hang(slowdisk.Sync)
	clock := lab.NewClock(t)
	v.Signal(syscall.SIGTERM)
	s.failed(v, clock, "e9.0: the last sync has not ended: what was written is not known to be on the disk")
	disk.Release(slowdisk.Sync)

	v = s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", disk.Path())
	disk.SetError(slowdisk.Sync, syscall.EIO)
	clock = lab.NewClock(t)
	v.Signal(syscall.SIGTERM)
	s.failed(v, clock, "e9.0: the last sync failed: input/output error; what was written may be lost")
}

// TestHungReadAtSignal ends a target of whose disk only reads hang: what was
// written is synced all the same.
func TestHungReadAtSignal(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *site, disk *slowExport) {
		v := s.hangAndSignal(disk)
		var ended *exec.ExitError
		if err := v.Wait(); !errors.As(err, &ended) || ended.ExitCode() != 1 {
			t.Errorf("it ends with %v; want status 1", err)
		}
		if got := v.Stderr(); !strings.Contains(got, "not finished, the disk hangs: e9.0: read of 1 sector at LBA 0") || strings.Contains(got, "sync") {
			t.Errorf("it printed\n%s", got)
		}
		want := int64(1)
		if disk.rings {
			want++ // when vblade opens a device
		}
		if n := disk.Entered(slowdisk.Sync); n < want {
			t.Errorf("%d syncs in all; want at least %d", n, want)
		}
	})
}
