// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/confine"
	"vblade/internal/netio"
)

// version is set by the linker.
var version = "unknown"

// What is fixed at start: memory does not grow with load (design: bounded).
const (
	frameBuffers  = 5 * netio.MaxBatch // a batch, and all that can wait for disks
	receiveBuffer = 4 << 20            // bytes: several initiators with full windows of jumbo frames
)

// endWithin is how long an end by a signal may take, with a hanging disk too.
const endWithin = 4500 * time.Millisecond

// How the receiving waits for the next frame: awake at first, then in a call of
// which the Go scheduler does not hear, at last properly.
const (
	spin   = 50 * time.Microsecond
	linger = time.Millisecond
)

// main runs vblade.
func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, confine.Process))
}

// confinement takes from the process what it does not need to serve the file at
// path, as confine.Process does.
type confinement func(path string, readOnly bool) error

// run does what the arguments say and returns the exit status: 0 for help,
// version and an export that was ended by a signal in good order, 1 for a
// refusal to start and for an end that left something undone. It is the one
// place that prints errors.
func run(args []string, stdout, stderr io.Writer, restrict confinement) int {
	o, err := parse(args)
	switch {
	case err == nil && o.help:
		fmt.Fprint(stdout, help())
		return 0
	case err == nil && o.version:
		fmt.Fprintln(stdout, "vblade", version)
		return 0
	case err == nil:
		err = serve(o, stdout, stderr, restrict)
	}
	if err != nil {
		fmt.Fprintln(stderr, "vblade:", err)
		return 1
	}
	return 0
}

// serve exports the file until a signal ends it. Where that leaves something
// undone, calls that hang may still use the file and the link: both stay open
// until the process ends.
func serve(o options, stdout, stderr io.Writer, restrict confinement) error {
	watch, err := openObservation(o)
	if err != nil {
		return err
	}
	defer watch.close()
	o.file.Writers = blade.CrewSize + 2 // with the leader and the last sync
	file, err := ata.OpenFile(o.filename, o.file)
	if err != nil {
		return err
	}
	undone := false
	defer closeUnless(&undone, file)
	link, err := openLink(o)
	if err != nil {
		return err
	}
	defer closeUnless(&undone, link)
	for _, w := range link.Warnings(receiveBuffer) {
		fmt.Fprintln(stderr, "vblade:", w)
	}
	buffers, err := netio.NewBuffers(frameBuffers, aoe.ATALen)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("find the host's name for the serial number: %w", err)
	}
	b := blade.New(file, blade.Config{Shelf: o.shelf, Slot: o.slot, Buffers: o.buffers, Masks: o.masks, Host: host})
	// A call that waits for a disk keeps its place in the Go scheduler for a
	// while: with one for every worker the receiving never waits for it.
	runtime.GOMAXPROCS(blade.CrewSize + runtime.NumCPU())
	logger := log.New(stderr, "vblade: ", 0)
	server := blade.NewServer(link, buffers, logger, b)
	rivals := openRivals(o, logger)

	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	defer stop()
	context.AfterFunc(ctx, stop)   // a second signal ends at once
	signal.Ignore(syscall.SIGPIPE) // of a log that nobody reads any more
	if err := restrict(o.filename, o.file.ReadOnly); err != nil {
		fmt.Fprintf(stderr, "vblade: the process keeps rights that it does not need: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	announce(stdout, o, file)
	looked := make(chan struct{})
	go func() {
		defer close(looked)
		rivals.look(ctx)
	}()
	defer watch.begin(ctx, server, stderr)()
	err = server.Serve(ctx, endWithin)
	<-looked
	undone = err != nil
	return err
}

// closeUnless closes c unless it is still in use.
func closeUnless(inUse *bool, c io.Closer) {
	if !*inUse {
		c.Close()
	}
}

// endSignals are the signals that end the export: those of a terminal only
// where whoever started vblade does not have them ignored, as nohup does.
func endSignals() []os.Signal {
	signals := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signals = append(signals, s)
		}
	}
	return signals
}

// openLink opens the interface for the export's requests only.
func openLink(o options) (*netio.Link, error) {
	return netio.Open(o.netif, netio.Config{
		EtherType:     uint16(aoe.EtherType),
		Filter:        aoe.RequestFilter(nil, o.shelf, o.slot, o.masks),
		ReceiveBuffer: receiveBuffer,
		Fast:          true,
		Linger:        linger,
		Spin:          spin,
	})
}

// announce prints the line by which scripts know that the export is up, as the
// C program does.
func announce(stdout io.Writer, o options, file *ata.File) {
	mode := "O_RDWR"
	if file.ReadOnly() {
		mode = "O_RDONLY"
	}
	fmt.Fprintf(stdout, "pid %d: e%d.%d, %d sectors %s\n",
		os.Getpid(), o.shelf, o.slot, file.Size()/ata.SectorSize, mode)
}
