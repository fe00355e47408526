// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
)

// warmUp is how long a load runs before its measurement begins: a new process
// faults its memory in, and a target that learns learns.
const warmUp = 200 * time.Millisecond

// sample is one measurement.
type sample struct {
	round    int
	requests int
	elapsed  time.Duration
	cpu      time.Duration // of all the target's threads
	p50, p99 time.Duration
	lost     int     // frames: requests that had to be repeated
	peak     int64   // the target's resident memory at its highest, in bytes
	others   float64 // what other programs took of both CPUs, 1 being all
}

// rate is the number of requests a second.
func (s sample) rate() float64 { return float64(s.requests) / s.elapsed.Seconds() }

// cpuEach is the CPU time of the target for a request.
func (s sample) cpuEach() time.Duration { return s.cpu / time.Duration(max(1, s.requests)) }

// load is a run of requests to a target: the warm-up, then the sample. Nothing
// in it allocates from one request to the next.
type load struct {
	w       workload
	target  *initiator.Target
	blocks  uint64 // of a request's size, on the disk
	sectors int    // of a request
	opcode  uint8
	flags   aoe.ATAFlag
	random  uint64 // state of the random numbers
	meter   *meter
	length  time.Duration

	begin, now time.Time
	measuring  bool
	answered   int
	before     reading
	lostBefore int
	latency    histogram
	sample     sample
}

// errEnough ends the exchange when the sample is complete.
var errEnough = errors.New("the sample is complete")

// newLoad prepares a load of whole frames for a disk of so many sectors.
func newLoad(w workload, t *initiator.Target, sectors int64, m *meter, length time.Duration) *load {
	l := &load{w: w, target: t, sectors: t.Sectors, random: 1, meter: m, length: length}
	l.blocks = uint64(sectors) / uint64(max(1, t.Sectors))
	l.opcode, l.flags = ata.ReadExt, aoe.ATAExtended
	if w.write {
		l.opcode, l.flags = ata.WriteExt, aoe.ATAExtended|aoe.ATAWrite
	}
	return l
}

// run runs the load and returns its sample.
func (l *load) run() (sample, error) {
	l.begin = time.Now()
	err := l.target.Initiator().Run(initiator.Exchange{
		Requests: 1 << 30,
		Window:   l.w.depth,
		Build:    l.build,
		Reply:    l.reply,
	})
	if !errors.Is(err, errEnough) {
		return sample{}, err
	}
	return l.sample, nil
}

// next returns the first sector of request k.
func (l *load) next(k int) uint64 {
	if !l.w.random {
		return uint64(k) % l.blocks * uint64(l.sectors)
	}
	l.random = scramble(l.random)
	return l.random % l.blocks * uint64(l.sectors)
}

// scramble returns the random number that follows x in a fixed order (xorshift):
// every sample has the same ones.
func scramble(x uint64) uint64 {
	x ^= x << 13
	x ^= x >> 7
	return x ^ x<<17
}

// build writes request k.
func (l *load) build(k int, f aoe.Frame) int {
	lba := l.next(k)
	n := l.target.Command(f, l.flags, l.opcode, uint8(l.sectors), lba)
	if !l.w.write {
		return n
	}
	for i := range l.sectors {
		stamp(f[aoe.ATALen+i*ata.SectorSize:], lba+uint64(i))
	}
	return aoe.ATALen + l.sectors*ata.SectorSize
}

// stamp marks a sector with its own number: so begins every sector of the
// benchmark's disks, before and after it is written.
func stamp(sector []byte, lba uint64) { binary.LittleEndian.PutUint64(sector, lba) }

// reply checks a reply and counts it.
func (l *load) reply(_ int, f aoe.Frame, took time.Duration) error {
	if err := l.check(f); err != nil {
		return err
	}
	l.latency.add(took)
	l.answered++
	// Reading the clock at every reply would cost the load a little; at a depth
	// of 1 it has the time.
	if l.answered%min(16, l.w.depth) != 0 {
		return nil
	}
	l.now = time.Now()
	switch elapsed := l.now.Sub(l.begin); {
	case !l.measuring && elapsed >= warmUp:
		return l.start()
	case l.measuring && elapsed >= l.length:
		return l.finish(elapsed)
	}
	return nil
}

// check returns what is wrong with a reply: an error that it tells, or data
// that is not of the sectors asked for.
func (l *load) check(f aoe.Frame) error {
	if err := l.target.Check(f, l.opcode); err != nil {
		return err
	}
	if l.w.write {
		return nil
	}
	if want := aoe.ATALen + l.sectors*ata.SectorSize; len(f) != want {
		return fmt.Errorf("%s: a reply of %d bytes instead of %d", l.target.Name(), len(f), want)
	}
	if l.w.disk == noDisk {
		return nil
	}
	lba, last := f.ATALBA(), l.sectors-1
	data := f[aoe.ATALen:]
	if binary.LittleEndian.Uint64(data) != lba || binary.LittleEndian.Uint64(data[last*ata.SectorSize:]) != lba+uint64(last) {
		return fmt.Errorf("%s: wrong data at sector %d", l.target.Name(), lba)
	}
	return nil
}

// start ends the warm-up.
func (l *load) start() (err error) {
	l.measuring, l.answered = true, 0
	l.latency.reset()
	l.lostBefore = l.target.Initiator().Retransmissions
	if l.before, err = l.meter.read(); err != nil {
		return err
	}
	l.begin = time.Now()
	return nil
}

// finish completes the sample.
func (l *load) finish(elapsed time.Duration) error {
	after, err := l.meter.read()
	if err != nil {
		return err
	}
	l.sample = sample{
		requests: l.answered,
		elapsed:  elapsed,
		cpu:      after.target - l.before.target,
		p50:      l.latency.quantile(0.50),
		p99:      l.latency.quantile(0.99),
		lost:     l.target.Initiator().Retransmissions - l.lostBefore,
		// The kernel counts busy time in ticks: it may come out a little short.
		others: max(0, float64(after.others-l.before.others)/float64(2*elapsed)),
	}
	return errEnough
}
