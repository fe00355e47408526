// SPDX-License-Identifier: GPL-2.0-only

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"vblade/internal/ata"
	"vblade/internal/confine"
	"vblade/internal/journal"
)

// version is set by the linker.
var version = "unknown"

// main runs vblade.
func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, restrict))
}

// confinement gives up the rights that the process does not need to serve what
// the options say: a file or, if they name none, files that others open.
type confinement func(options) error

// restrict is the confinement of a process.
func restrict(o options) error {
	if o.filename == "" {
		return confine.Server()
	}
	return confine.Process(o.filename, o.file.ReadOnly, o.hwaddr.given())
}

// console is where a command prints to, and how it is confined.
type console struct {
	stdout   io.Writer
	journal  *journal.Journal // standard error
	restrict confinement
}

// log returns the log for lines without a subject.
func (c console) log() *journal.Log { return c.journal.Log("") }

// run runs the command in the arguments and returns the exit status: 0 for help,
// the version, and after a signal if everything was done; 1 if something was left
// undone; goneStatus after a diskGone; and that of refusalStatus for a refusal to
// start. It prints the error that ends the program. It never blocks if nobody
// reads standard error.
func run(args []string, stdout, stderr io.Writer, restrict confinement) int {
	j := journal.New(stderr)
	defer j.Close(goodbye)
	c, rest, err := findCommand(args)
	if err == nil {
		err = c.do(rest, console{stdout, j, restrict})
	}
	if err != nil {
		j.Log("").Errorf("%v", err)
		return exitStatus(err, os.Getenv)
	}
	return 0
}

// serve exports the file until a signal ends it.
func serve(o options, c console) error {
	if o.priority != nil {
		if err := o.priority.set(); err != nil {
			c.log().Warnf("%s: ionice is not in force: %v", o.conf, err)
		}
	}
	observed, err := openObservation(o)
	if err != nil {
		return err
	}
	defer observed.close()
	e, err := openExport(o, c.journal)
	if err != nil {
		return err
	}
	defer e.close()

	ctx, stop := untilSignal(oneSignal)
	defer stop()
	if err := c.restrict(o); err != nil {
		e.log.Warnf("the process keeps rights that it does not need: %v", err)
	}
	printStarted(c.stdout, os.Getpid(), o, e.file)
	observed.attach(e.server, e.log)
	ctx, cancel := e.untilGone(ctx)
	defer cancel()
	defer observed.begin(ctx, e.server, c.journal)()
	return withCause(ctx, e.serve(ctx))
}

// oneSignal is how long a signal may be followed by others that mean the same:
// timeout(1), for one, sends two of them, to the process and to its group.
const oneSignal = 250 * time.Millisecond

// untilSignal returns a context that a signal ends. A second signal, at least so long
// after the first, ends the process at once.
func untilSignal(after time.Duration) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), endSignals()...)
	context.AfterFunc(ctx, func() { time.AfterFunc(after, stop) })
	signal.Ignore(syscall.SIGPIPE) // when nobody reads the log any more
	return ctx, stop
}

// endSignals are the signals that end the program. Those of a terminal are not
// among them if they were ignored at start, as by nohup.
func endSignals() []os.Signal {
	signals := []os.Signal{syscall.SIGTERM}
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signals = append(signals, s)
		}
	}
	return signals
}

// printStarted prints the line by which scripts know that the export is up, as the
// C program does.
func printStarted(stdout io.Writer, pid int, o options, file *ata.File) {
	mode := "O_RDWR"
	if file.ReadOnly() {
		mode = "O_RDONLY"
	}
	fmt.Fprintf(stdout, "pid %d: %v, %d sectors %s\n",
		pid, o.address(), file.Size()/ata.SectorSize, mode)
}
