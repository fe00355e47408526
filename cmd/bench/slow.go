// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"vblade/test/slowdisk"
)

// slowDelay is the latency of the slow disk.
const slowDelay = time.Millisecond

// Modes of the slow disk, by what a target without -d gets.
const (
	modeCached = "cached" // reads through the page cache
	modeDirect = "direct" // every request comes to the disk
)

// serveSlowDisk is a process that holds a slow disk and prints its path, until
// a signal ends it.
func serveSlowDisk(mode string) error {
	// Every request that sleeps holds one of the runtime's processors for a
	// moment: there are to be more than requests.
	runtime.GOMAXPROCS(256)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	d, err := slowdisk.Mount(slowdisk.Options{Size: slowSize, Cached: mode == modeCached})
	if err != nil {
		return err
	}
	d.SetDelay(slowdisk.Read, slowDelay)
	d.SetDelay(slowdisk.Write, slowDelay)
	d.SetDelay(slowdisk.Sync, slowDelay)
	fmt.Println(d.Path())
	<-ctx.Done()
	return d.Close()
}
