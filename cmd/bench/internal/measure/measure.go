// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"vblade/cmd/bench/internal/disks"
	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/result"
	"vblade/cmd/bench/internal/rig"
	"vblade/test/lab"
)

// WarmUp is how long a load runs before its measurement begins, while a new
// process faults in its memory and learns how fast its disk is.
const WarmUp = 200 * time.Millisecond

// Quiet is the part of both CPUs that other programs may take. A sample with more
// is repeated, at most retakes times.
const (
	Quiet   = 0.05
	retakes = 2
)

// Config says how to measure.
type Config struct {
	Vblade, Peer string // our program and the C program
	Dir          string // for the disks' files
	CPUs         rig.CPUs
	Rounds       int
	Length       time.Duration // of a sample
	Hasty        bool          // no sample is repeated
	Progress     io.Writer
}

// bench is a benchmark in progress.
type bench struct {
	Config
	host       *lab.Host
	disks      *disks.Disks
	initiators rig.Initiators
}

// Run measures workloads and returns the results. The result of a program that
// fails says so.
func Run(ctx context.Context, cfg Config, workloads []plan.Workload) ([]*result.Result, error) {
	b := &bench{Config: cfg}
	defer b.close()
	if err := b.prepare(workloads); err != nil {
		return nil, err
	}
	var results []*result.Result
	for _, w := range workloads {
		results = append(results, result.New(w))
	}
	for round := range b.Rounds {
		for _, r := range results {
			fmt.Fprintf(b.Progress, "round %d of %d  %-36s", round+1, b.Rounds, r.Workload.Name())
			for _, p := range r.Workload.Programs {
				if ctx.Err() != nil {
					fmt.Fprintln(b.Progress)
					return nil, errors.New("interrupted")
				}
				b.take(p, r, round)
			}
			fmt.Fprintln(b.Progress)
		}
	}
	return results, nil
}

// prepare makes the wires and the disks.
func (b *bench) prepare(workloads []plan.Workload) (err error) {
	if b.host, err = lab.NewHost(); err != nil {
		return err
	}
	if b.initiators, err = rig.LayWires(b.host); err != nil {
		return err
	}
	b.disks, err = disks.Make(b.Dir, workloads)
	return err
}

// close removes what prepare has made.
func (b *bench) close() {
	b.initiators.Close()
	if b.host != nil {
		b.host.Close()
	}
	if b.disks != nil {
		b.disks.Close()
	}
}

// take adds a round's sample of a program to a result, the least disturbed one
// that it has taken. The result says what failed.
func (b *bench) take(p plan.Program, r *result.Result, round int) {
	s, err := b.sample(p, r.Workload)
	for n := 0; err == nil && s.Others > Quiet && n < retakes && !b.Hasty; n++ {
		if again, err := b.sample(p, r.Workload); err == nil && again.Others < s.Others {
			s = again
		}
	}
	if err != nil {
		r.Failures[p] = err
		fmt.Fprintf(b.Progress, "  %s: %v", p, err)
		return
	}
	s.Round = round
	r.Samples[p] = append(r.Samples[p], s)
	if r.Workload.Host.Sizes {
		fmt.Fprintf(b.Progress, "  %s %.1f MiB", p, result.MiB(s.PSS))
	} else {
		fmt.Fprintf(b.Progress, "  %s %7.0f/s", p, s.Rate())
	}
}
