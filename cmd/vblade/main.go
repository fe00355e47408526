// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"vblade/internal/ata"
	"vblade/internal/confine"
	"vblade/internal/journal"
)

// version is set by the linker.
var version = "unknown"

// main runs vblade.
func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, confine.Process))
}

// confinement takes from the process what it does not need to serve the file at
// path, as confine.Process does.
type confinement func(path string, readOnly bool) error

// run does what the arguments say and returns the exit status: 0 for help,
// version and an export that was ended by a signal in good order, 1 for an end
// that left something undone, and what refusalStatus says for a refusal to start.
// It prints the error that ends the program; what vblade lives through goes to
// the export's log. Whoever does not read standard error holds up nobody.
func run(args []string, stdout, stderr io.Writer, restrict confinement) int {
	j := journal.New(stderr)
	defer j.Close(goodbye)
	o, err := parse(args)
	switch {
	case err == nil && o.help:
		fmt.Fprint(stdout, help())
		return 0
	case err == nil && o.version:
		fmt.Fprintln(stdout, "vblade", version)
		return 0
	case err == nil:
		err = serve(o, stdout, j, restrict)
	}
	if err != nil {
		j.Log("").Errorf("%v", err)
		return refusalStatus(err, os.Getenv)
	}
	return 0
}

// serve exports the file until a signal ends it.
func serve(o options, stdout io.Writer, j *journal.Journal, restrict confinement) error {
	observed, err := openObservation(o)
	if err != nil {
		return err
	}
	defer observed.close()
	e, err := openExport(o, j)
	if err != nil {
		return err
	}
	defer e.close()

	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	defer stop()
	context.AfterFunc(ctx, stop)   // a second signal ends at once
	signal.Ignore(syscall.SIGPIPE) // of a log that nobody reads any more
	if err := restrict(o.filename, o.file.ReadOnly); err != nil {
		e.log.Warnf("the process keeps rights that it does not need: %v", err)
	}
	announce(stdout, o, e.file)
	defer observed.begin(ctx, e.server, j)()
	return e.serve(ctx)
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
