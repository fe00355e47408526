// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/rig"
)

// Rounds that the medians are taken of, unless the command line says.
const (
	usualRounds = 7
	shortRounds = 3
)

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

// parse reads the command line; usage goes to stderr.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.BoolVar(&o.short, "short", false, "a subset of about a minute")
	fs.IntVar(&o.rounds, "rounds", 0, fmt.Sprintf("`rounds` to take the medians of (default %d, with -short %d)", usualRounds, shortRounds))
	fs.DurationVar(&o.length, "length", 600*time.Millisecond, "the `time` that a sample takes, after its warm-up")
	only := fs.String("only", "", "only the workloads whose name matches the `regex`")
	fs.BoolVar(&o.list, "list", false, "list the names of the workloads and end")
	fs.StringVar(&o.out, "out", "", "the `directory` to write benchmark.md and benchmark.svg to")
	fs.StringVar(&o.dir, "dir", "/var/tmp", "the `directory` for the disks' files, on a real file system")
	fs.StringVar(&o.vblade, "vblade", "", "our `program` (default: build this source tree's)")
	fs.StringVar(&o.peer, "peer", rig.DefaultPeer, "the C `program`")
	fs.StringVar(&o.echo, "echo", "", "helper: answer on this `interface`, without a disk")
	fs.StringVar(&o.slow, "slowdisk", "", "helper: serve a slow disk in this `mode`, cached, direct or hanging")
	fs.StringVar(&o.read, "read", "", "helper: read this `file`")
	fs.IntVar(&o.threads, "threads", 1, "helper: by so many `threads`")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q; see bench -h", fs.Arg(0))
	}
	return o, o.complete(*only)
}

// complete checks the options and sets those that depend on others.
func (o *options) complete(only string) (err error) {
	if o.only, err = regexp.Compile(only); err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	switch {
	case o.rounds < 0 || o.length <= 0:
		return errors.New("-rounds and -length must be positive")
	case len(o.workloads()) == 0:
		return errors.New("no workload has such a name; see bench -list")
	case o.rounds == 0 && o.short:
		o.rounds = shortRounds
	case o.rounds == 0:
		o.rounds = usualRounds
	}
	return nil
}

// workloads returns the workloads that the options choose.
func (o *options) workloads() []plan.Workload {
	return slices.DeleteFunc(plan.Workloads(), func(w plan.Workload) bool {
		return !o.only.MatchString(w.Name()) || o.short && !w.Short
	})
}
