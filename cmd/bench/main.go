// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"vblade/cmd/bench/internal/disks"
	"vblade/cmd/bench/internal/echo"
	"vblade/cmd/bench/internal/measure"
	"vblade/cmd/bench/internal/present"
	"vblade/cmd/bench/internal/result"
	"vblade/cmd/bench/internal/rig"
	"vblade/test/lab"
)

// main runs the benchmark.
func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs what the arguments ask for and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = perform(ctx, o, stdout, stderr)
	}
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// perform does what the options ask for: the benchmark, or one of its helpers.
func perform(ctx context.Context, o options, stdout, stderr io.Writer) error {
	switch {
	case o.echo != "":
		shelf, slot := measure.Address(0)
		return echo.Serve(ctx, stdout, o.echo, shelf, slot)
	case o.slow != "":
		return disks.ServeSlow(ctx, stdout, o.slow)
	case o.read != "":
		return disks.ReadByThreads(stdout, o.read, o.threads, measure.WarmUp, o.length)
	case o.list:
		for _, w := range o.workloads() {
			fmt.Fprintln(stdout, w.Name())
		}
		return nil
	}
	return bench(ctx, o, stdout, stderr)
}

// bench measures and presents.
func bench(ctx context.Context, o options, stdout, stderr io.Writer) error {
	cpus, err := rig.Isolate()
	if err != nil {
		return err
	}
	if _, err := os.Stat(o.peer); err != nil {
		return fmt.Errorf("the C program: %w; apt-get install vblade, or name it with -peer", err)
	}
	if o.vblade == "" {
		program, err := build()
		if err != nil {
			return err
		}
		defer program.Close()
		o.vblade = disks.PathOf(program)
	}
	results, err := measure.Run(ctx, measure.Config{
		Vblade: o.vblade, Peer: o.peer, Dir: o.dir, CPUs: cpus,
		Rounds: o.rounds, Length: o.length, Hasty: o.short, Progress: stderr,
	}, o.workloads())
	if err != nil {
		return err
	}
	return report(o, stdout, results)
}

// report prints the results, and writes the files that the options ask for. What
// could not be measured is an error, once all else is told.
func report(o options, stdout io.Writer, results []*result.Result) error {
	tables := present.Tables(results)
	failures := 0
	for _, t := range tables {
		fmt.Fprint(stdout, t.Plain())
		failures += len(t.Notes)
	}
	fmt.Fprintf(stdout, "\n%s", present.Score(results))
	if o.out != "" {
		if err := write(o, results, tables); err != nil {
			return err
		}
	}
	if failures > 0 {
		return fmt.Errorf("%d measurements failed", failures)
	}
	return nil
}

// write writes the page and the chart.
func write(o options, results []*result.Result, tables []*present.Table) error {
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return err
	}
	kind, err := disks.FileSystemOf(o.dir)
	if err != nil {
		kind = "unknown"
	}
	if kind != "ext4" {
		kind += "; those on ext4 on a loop device on it"
	}
	s := present.Setting{Machine: rig.Describe(o.peer, kind), Rounds: o.rounds, Length: o.length, Day: time.Now().UTC()}
	page := present.Page(s, results, tables)
	if err := os.WriteFile(filepath.Join(o.out, "benchmark.md"), []byte(page), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(o.out, "benchmark.svg"), []byte(present.Chart(results)), 0o644)
}

// build builds vblade as make does, into a file that goes with its descriptor.
func build() (*os.File, error) {
	dir, err := os.MkdirTemp("", "vblade-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "vblade")
	if err := lab.Build(program, "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"); err != nil {
		return nil, err
	}
	return os.Open(program)
}
