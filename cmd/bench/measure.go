// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"vblade/internal/initiator"
	"vblade/test/lab"
)

// maxDepth is the most requests outstanding.
const maxDepth = 64

// bench is a benchmark under way.
type bench struct {
	options    options
	cpus       cpuPair
	host       *lab.Host
	disks      disks
	initiators map[wire]*initiator.Initiator
}

// measure runs the benchmark and returns what it found.
func measure(ctx context.Context, o options, cpus cpuPair) ([]*result, error) {
	b := &bench{options: o, cpus: cpus, initiators: make(map[wire]*initiator.Initiator)}
	defer b.close()
	var results []*result
	for _, w := range o.workloads() {
		results = append(results, newResult(w))
	}
	if err := b.prepare(); err != nil {
		return nil, err
	}
	for number := range o.rounds {
		for _, r := range results {
			fmt.Fprintf(os.Stderr, "round %d of %d  %-34s", number+1, o.rounds, r.workload.name())
			for _, p := range r.workload.programs() {
				if ctx.Err() != nil {
					fmt.Fprintln(os.Stderr)
					return nil, errors.New("interrupted")
				}
				b.take(p, r, number)
			}
			fmt.Fprintln(os.Stderr)
		}
	}
	return results, nil
}

// prepare makes the wires and the disks.
func (b *bench) prepare() (err error) {
	if b.host, err = lab.NewHost(); err != nil {
		return err
	}
	for _, w := range wires {
		if b.initiators[w], err = w.lay(b.host); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(b.options.dir, "vblade-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.disks, err = makeDisks(dir, b.options.workloads())
	return err
}

// close takes down what prepare made.
func (b *bench) close() {
	for _, ini := range b.initiators {
		if ini != nil {
			ini.Close()
		}
	}
	if b.host != nil {
		b.host.Close()
	}
	if b.disks != nil {
		b.disks.close()
	}
}

// A sample is taken again where other programs took more than quiet of both
// CPUs, but not more often than retakes; a short benchmark does not.
const (
	quiet   = 0.05
	retakes = 2
)

// take adds a round's sample of a program to a result, the least disturbed one of
// those that it took. What fails is noted.
func (b *bench) take(p program, r *result, round int) {
	s, err := b.sample(p, r.workload)
	for n := 0; err == nil && s.others > quiet && n < retakes && !b.options.short; n++ {
		if again, err := b.sample(p, r.workload); err == nil && again.others < s.others {
			s = again
		}
	}
	if err != nil {
		r.failures[p] = err
		fmt.Fprintf(os.Stderr, "  %s: %v", p, err)
		return
	}
	s.round = round
	r.samples[p] = append(r.samples[p], s)
	fmt.Fprintf(os.Stderr, "  %s %7.0f/s", p, s.rate())
}

// sample starts a program, measures it once and stops it.
func (b *bench) sample(p program, w workload) (sample, error) {
	_, home := b.cpus.of(w)
	if err := pinAll(home...); err != nil {
		return sample{}, err
	}
	e, err := b.export(w)
	if err != nil {
		return sample{}, err
	}
	defer e.close()
	switch p {
	case alone:
		return b.sampleAlone(w, e.path)
	case limit:
		return b.sampleLimit(w, e.path)
	}
	target, err := b.start(p, w, e.path)
	if err != nil {
		return sample{}, err
	}
	defer target.stop()
	t, err := b.initiators[w.wire()].Find(shelf, slot)
	if err != nil {
		return sample{}, err
	}
	m := &meter{cpus: b.cpus, target: target, helper: e.server, kernel: w.disk.shared()}
	s, err := newLoad(w, t, e.size/sectorSize, m, b.options.length).run()
	if err != nil {
		return sample{}, err
	}
	s.peak, err = target.peak()
	return s, err
}

// start starts a program as a target.
func (b *bench) start(p program, w workload, path string) (*process, error) {
	netif := w.wire().target
	cpus, home := b.cpus.of(w)
	name := b.options.vblade
	switch p {
	case floor:
		return launch(b.host, cpus, home, "/proc/self/exe", "-echo", netif)
	case theirs:
		name = b.options.peer
	}
	// The C program sizes its receive buffer by -b: both get what the load needs.
	args := []string{"-b", strconv.Itoa(max(16, w.depth))}
	if w.flags != "" {
		args = append(args, w.flags)
	}
	return launch(b.host, cpus, home, name,
		append(args, strconv.Itoa(shelf), strconv.Itoa(slot), netif, path)...)
}
