// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package measure

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"vblade/cmd/bench/internal/disks"
	"vblade/cmd/bench/internal/echo"
	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/rig"
	"vblade/test/lab"
)

// TestMain lets the test's program be the echo that a test starts.
func TestMain(m *testing.M) {
	if n := slices.Index(os.Args, "-echo"); n > 0 {
		shelf, slot := Address(0)
		if err := echo.Serve(context.Background(), os.Stdout, os.Args[n+1], shelf, slot); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestWires wants wires for every workload.
func TestWires(t *testing.T) {
	for _, w := range plan.Workloads() {
		if wires, err := rig.WiresOf(w); err != nil || len(wires) != max(1, w.Host.Links) {
			t.Errorf("%s runs on %v, %v", w.Name(), wires, err)
		}
	}
}

// TestAddresses wants an address of its own for each of 1,000 exports, and none
// that means all.
func TestAddresses(t *testing.T) {
	seen := make(map[[2]int]bool)
	for n := range 1000 {
		shelf, slot := Address(n)
		key := [2]int{int(shelf), int(slot)}
		if seen[key] || shelf == 0xffff || slot == 0xff {
			t.Errorf("export %d has the address %d.%d", n, shelf, slot)
		}
		seen[key] = true
	}
}

// TestRate loads the echo: a sample tells what was done, and a request allocates
// nothing.
func TestRate(t *testing.T) {
	b := &bench{host: lab.TestHost(t), Config: Config{Length: 100 * time.Millisecond}}
	var err error
	if b.CPUs, err = rig.Choose(); err != nil {
		lab.Skip(t, err.Error(), "run where two CPUs may be used")
	}
	if b.initiators, err = rig.LayWires(b.host); err != nil {
		t.Fatal(err)
	}
	defer b.initiators.Close()
	w := plan.Workload{Disk: plan.None, MTU: 1500, Depth: 16}
	at := rig.Place{Host: b.host, CPUs: []int{b.CPUs.Target}, Home: []int{b.CPUs.Load}}
	wires, err := rig.WiresOf(w)
	if err != nil {
		t.Fatal(err)
	}
	exports := b.exports(plan.Echo, w, wires, "")
	f, err := b.start(plan.Echo, w, at, exports)
	if err != nil {
		t.Fatal(err)
	}
	defer f.stop()
	r := &run{bench: b, w: w, wires: wires, exports: exports, disk: &disks.Export{Size: 1 << 20}, fleet: f}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := r.rate()
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if s.Requests < 100 || s.CPU <= 0 || s.P50 <= 0 || s.P99 < s.P50 || s.Elapsed < b.Length {
		t.Errorf("the sample makes no sense: %+v", s)
	}
	// Reading the target's counters allocates, twice; the requests do not.
	if n := after.Mallocs - before.Mallocs; n > 300+uint64(s.Requests)/50 {
		t.Errorf("%d allocations for %d requests", n, s.Requests)
	}
}
