// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package measure

import (
	"runtime"

	"vblade/cmd/bench/internal/disks"
	"vblade/cmd/bench/internal/load"
	"vblade/cmd/bench/internal/plan"
	"vblade/cmd/bench/internal/result"
	"vblade/cmd/bench/internal/rig"
	"vblade/internal/initiator"
	"vblade/test/lab"
)

// sample starts a program, measures it once and stops it.
func (b *bench) sample(p plan.Program, w plan.Workload) (s result.Sample, err error) {
	cpus, home := b.CPUs.Of(w)
	if err := rig.PinAll(home...); err != nil {
		return s, err
	}
	at := rig.Place{Host: b.host, CPUs: cpus, Home: home}
	disk, err := b.disks.Export(w, at)
	if err != nil {
		return s, err
	}
	defer disk.Close()
	switch {
	case p == plan.Threads:
		s.Sample, err = disks.Threads(at, disk.Path, w.Depth, b.Length)
		return s, err
	case p == plan.Fio:
		s.Sample, s.CPU, err = disks.Fio(w, disk.Path, WarmUp, b.Length)
		return s, err
	case w.Host.Hangs && p != plan.Calm:
		if disk, err = b.disks.Hanging(at); err != nil {
			return s, err
		}
		defer disk.Close()
	}
	return b.sampleFleet(p, w, at, disk)
}

// sampleFleet measures a program that serves exports, the first of them on disk.
func (b *bench) sampleFleet(p plan.Program, w plan.Workload, at rig.Place, disk *disks.Export) (s result.Sample, err error) {
	wires, err := rig.WiresOf(w)
	if err != nil {
		return s, err
	}
	exports := b.exports(p, w, wires, disk.Path)
	f, err := b.start(p, w, at, exports)
	if err != nil {
		return s, err
	}
	defer f.stop()
	defer disk.Close() // first, because requests that hang in it keep a target from ending
	if err := disk.Warm(); err != nil {
		return s, err
	}
	if p == plan.Alone {
		wires = wires[:1]
	}
	if w.Host.Links > 1 || w.Host.Hangs {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(8)) // several initiators at once
	}
	r := &run{bench: b, w: w, wires: wires, exports: exports, disk: disk, fleet: f}
	switch {
	case w.Host.Sizes:
		return r.sizes()
	case w.Host.Hangs:
		return r.hang(p != plan.Calm)
	}
	return r.rate()
}

// run is a measurement of a fleet that serves.
type run struct {
	*bench
	w       plan.Workload
	wires   []rig.Wire // under load
	exports []export
	disk    *disks.Export
	fleet   *fleet
}

// config returns the load that the workload asks for.
func (r *run) config() load.Config {
	nothing := func() error { return nil }
	return load.Config{
		Random:  r.w.Random,
		Write:   r.w.Write,
		Depth:   r.w.Depth,
		Size:    r.disk.Size,
		Stamped: r.w.Disk != plan.None,
		WarmUp:  WarmUp,
		Length:  r.Length,
		Begin:   nothing,
		End:     nothing,
	}
}

// find returns the first export as a target on a wire.
func (r *run) find(wire rig.Wire) (*initiator.Target, error) {
	return r.initiators[wire].Find(r.exports[0].shelf, r.exports[0].slot)
}

// rate loads the first export on all wires and measures it.
func (r *run) rate() (result.Sample, error) {
	var others []*load.Load
	for _, wire := range r.wires[1:] {
		t, err := r.find(wire)
		if err != nil {
			return result.Sample{}, err
		}
		others = append(others, load.New(r.config(), t))
	}
	t, err := r.find(r.wires[0])
	if err != nil {
		return result.Sample{}, err
	}
	return r.metered(func(cfg load.Config) *load.Load { return load.New(cfg, t) }, others)
}

// metered runs a load, whose sample is measured with meters, and others beside it,
// whose requests are added to it.
func (r *run) metered(prepare func(load.Config) *load.Load, others []*load.Load) (s result.Sample, err error) {
	m := &rig.Meter{CPUs: r.CPUs, Targets: r.fleet.processes, Kernel: r.w.Disk.Shared()}
	if r.disk.Helper != nil {
		m.Helpers = []*lab.Process{r.disk.Helper}
	}
	var before, spent rig.Reading
	cfg := r.config()
	cfg.Begin = func() (err error) {
		before, err = m.Read()
		return err
	}
	cfg.End = func() error {
		after, err := m.Read()
		spent = after.Since(before)
		return err
	}
	if s.Sample, err = together(prepare(cfg), others); err != nil {
		return s, err
	}
	s.CPU = spent.Target
	// The kernel counts busy time in ticks, so it may be a little too small.
	s.Others = max(0, float64(spent.Others)/float64(2*s.Elapsed))
	s.Peak, err = r.fleet.sum(rig.Peak)
	return s, err
}

// together runs loads at once and returns the sample of the first, with the
// requests that the others had answered in as much time.
func together(first *load.Load, others []*load.Load) (load.Sample, error) {
	type outcome struct {
		s   load.Sample
		err error
	}
	outcomes := make(chan outcome, len(others))
	for _, l := range others {
		go func() {
			s, err := l.Run()
			outcomes <- outcome{s, err}
		}()
	}
	sum, err := first.Run()
	for range others {
		o := <-outcomes
		if err == nil {
			err = o.err
		}
		if err == nil {
			sum.Requests += int(float64(o.s.Requests) * float64(sum.Elapsed) / float64(o.s.Elapsed))
			sum.P50, sum.P99, sum.Lost = max(sum.P50, o.s.P50), max(sum.P99, o.s.P99), sum.Lost+o.s.Lost
		}
	}
	return sum, err
}
