// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package disks

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"time"

	"vblade/cmd/bench/internal/rig"
	"vblade/test/slowdisk"
)

// The slow disk: its size in bytes and its latency.
const (
	slowSize  = 64 << 30
	slowDelay = time.Millisecond
)

// Modes of the slow disk, by what a target without -d gets.
const (
	modeCached  = "cached"  // reads through the page cache
	modeDirect  = "direct"  // every request comes to the disk
	modeHanging = "hanging" // as direct, and reads hang
)

// startSlow starts a slow disk in a place.
func startSlow(at rig.Place, mode string) (*Export, error) {
	at.CPUs = at.Home
	p, err := at.Launch("/proc/self/exe", "-slowdisk", mode)
	if err != nil {
		return nil, err
	}
	return &Export{Path: p.Line, Size: slowSize, Helper: p}, nil
}

// ServeSlow holds a slow disk in a mode and prints its path, until ctx ends.
func ServeSlow(ctx context.Context, path io.Writer, mode string) error {
	// Every request that sleeps occupies one of the runtime's processors for a
	// moment, so there must be more of them than requests.
	runtime.GOMAXPROCS(256)
	d, err := slowdisk.Mount(slowdisk.Options{Size: slowSize, Cached: mode == modeCached})
	if err != nil {
		return err
	}
	d.SetDelay(slowdisk.Read, slowDelay)
	d.SetDelay(slowdisk.Write, slowDelay)
	d.SetDelay(slowdisk.Sync, slowDelay)
	if mode == modeHanging {
		d.Hang(slowdisk.Read)
	}
	fmt.Fprintln(path, d.Path())
	<-ctx.Done()
	return d.Close()
}
