// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

// Command bench measures vblade beside the C program that it succeeds, in one
// run on one machine: requests per second, CPU per request, latency, lost
// frames and memory, for the loads listed in workload.go.
//
//	bench [-short] [-rounds N] [-only REGEX] [-list] [-out DIR]
//
// It makes a network namespace with virtual wires, starts one target program
// at a time on a CPU of its own and loads it from another, through the
// initiator of this project. Rounds alternate between the programs, and every
// sample is of a process newly started, so that neither inherits anything.
// An echo, which answers as a target would but has no disk, shows how far the
// wire and the load reach by themselves.
//
// Mounts are in a mount namespace of its own: nothing is left behind.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"time"
)

// defaultPeer is the C program of Debian's package vblade.
const defaultPeer = "/usr/sbin/vblade"

// options is the command line.
type options struct {
	short  bool
	rounds int
	length time.Duration
	only   *regexp.Regexp
	list   bool
	out    string
	dir    string
	vblade string
	peer   string

	// What the benchmark starts itself with, for its helpers.
	echo    string
	slow    string
	read    string
	threads int
}

// parse reads the command line.
func parse(args []string) (options, error) {
	var o options
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.BoolVar(&o.short, "short", false, "a subset of about a minute")
	fs.IntVar(&o.rounds, "rounds", 0, "`rounds` to take the medians of (default 7, with -short 3)")
	fs.DurationVar(&o.length, "length", 600*time.Millisecond, "the `time` that a sample takes, after its warm-up")
	only := fs.String("only", "", "only the workloads whose name matches the `regex`")
	fs.BoolVar(&o.list, "list", false, "list the names of the workloads and end")
	fs.StringVar(&o.out, "out", "", "the `directory` to write benchmark.md and benchmark.svg to")
	fs.StringVar(&o.dir, "dir", "/var/tmp", "the `directory` for the disks' files, on a real file system")
	fs.StringVar(&o.vblade, "vblade", "", "our `program` (default: build this source tree's)")
	fs.StringVar(&o.peer, "peer", defaultPeer, "the C `program`")
	fs.StringVar(&o.echo, "echo", "", "helper: answer on this `interface`, without a disk")
	fs.StringVar(&o.slow, "slowdisk", "", "helper: serve a slow disk in this `mode`, cached or direct")
	fs.StringVar(&o.read, "read", "", "helper: read this `file`")
	fs.IntVar(&o.threads, "threads", 1, "helper: by so many `threads`")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; see bench -h", fs.Arg(0))
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	switch {
	case o.rounds < 0 || o.length <= 0:
		return o, errors.New("-rounds and -length must be positive")
	case o.rounds == 0 && o.short:
		o.rounds = 3
	case o.rounds == 0:
		o.rounds = 7
	}
	return o, nil
}

// main runs the benchmark.
func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run runs what the options ask for: the benchmark, or one of its helpers.
func run(o options) error {
	switch {
	case o.echo != "":
		return echo(o.echo)
	case o.slow != "":
		return serveSlowDisk(o.slow)
	case o.read != "":
		return read(o.read, o.threads, o.length)
	case o.list:
		for _, w := range o.workloads() {
			fmt.Println(w.name())
		}
		return nil
	case len(o.workloads()) == 0:
		return errors.New("no workload has such a name; see bench -list")
	}
	cpus, err := isolate()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if _, err := os.Stat(o.peer); err != nil {
		return fmt.Errorf("the C program: %w; apt-get install vblade, or name it with -peer", err)
	}
	if o.vblade == "" {
		program, err := build()
		if err != nil {
			return err
		}
		defer program.Close()
		o.vblade = pathOf(program)
	}
	results, err := measure(ctx, o, cpus)
	if err != nil {
		return err
	}
	return report(o, results)
}

// workloads returns the workloads that the options choose.
func (o options) workloads() []workload {
	return slices.DeleteFunc(workloads(), func(w workload) bool {
		return !o.only.MatchString(w.name()) || o.short && !w.short
	})
}

// report prints the results, and writes the files that the options ask for. What
// could not be measured is an error, once all else is told.
func report(o options, results []*result) error {
	all := tables(results)
	failures := 0
	for _, t := range all {
		fmt.Print(t.plain())
		failures += len(t.notes)
	}
	met, goals := score(results)
	fmt.Printf("\n%s\nGoals met: %d of %d\n%s\n", memoryLine(results), met, goals, disturbance(results))
	if o.out != "" {
		if err := write(o, results, all); err != nil {
			return err
		}
	}
	if failures > 0 {
		return fmt.Errorf("%d measurements failed", failures)
	}
	return nil
}

// write writes the page and the chart.
func write(o options, results []*result, all []*table) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	page := markdown(o, describe(o), results, all)
	if err := os.WriteFile(filepath.Join(o.out, "benchmark.md"), []byte(page), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.out, "benchmark.svg"), []byte(chart(results)), 0o644)
}

// build builds vblade as make does, into a file that goes with its descriptor.
func build() (*os.File, error) {
	dir, err := os.MkdirTemp("", "vblade-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "vblade")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program, "vblade/cmd/vblade")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return os.Open(program)
}
