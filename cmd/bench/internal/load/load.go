// SPDX-License-Identifier: GPL-2.0-only

package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/internal/stats"
)

// Config says which requests a load sends, and for how long.
type Config struct {
	Random, Write bool
	Depth         int   // requests outstanding
	Size          int64 // bytes of each target's disk
	Stamped       bool  // sectors begin with their number, which is checked
	WarmUp        time.Duration
	Length        time.Duration // of the sample, after the warm-up

	// Begin and End are called around the sample, by the load's goroutine.
	Begin, End func() error
}

// Sample is what was counted between Begin and End.
type Sample struct {
	Requests int
	Elapsed  time.Duration
	P50, P99 time.Duration
	Lost     int // requests that had to be repeated
}

// Load is a run of requests.
type Load struct {
	cfg     Config
	targets []*initiator.Target // asked in turn
	sectors int                 // of a request
	blocks  uint64              // of a request's size, on a disk
	opcode  uint8
	flags   aoe.ATAFlag
	random  uint64 // the last random number

	begin      time.Time
	measuring  bool
	answered   int
	lostBefore int
	latency    *stats.Histogram
	sample     Sample
}

// errEnough ends the exchange when the sample is complete.
var errEnough = errors.New("the sample is complete")

// scale is the resolution of times: 1/64, up to more than an hour.
func scale() stats.Scale { return stats.Scale{Unit: 0, Parts: 6, Top: 42} }

// New prepares a load of whole frames for targets of one initiator.
func New(cfg Config, targets ...*initiator.Target) *Load {
	l := &Load{cfg: cfg, targets: targets, sectors: targets[0].Sectors, random: 1, latency: stats.NewHistogram(scale())}
	l.blocks = uint64(cfg.Size/ata.SectorSize) / uint64(max(1, l.sectors))
	l.opcode, l.flags = ata.ReadExt, aoe.ATAExtended
	if cfg.Write {
		l.opcode, l.flags = ata.WriteExt, aoe.ATAExtended|aoe.ATAWrite
	}
	return l
}

// Run runs the load and returns its sample.
func (l *Load) Run() (Sample, error) {
	l.begin = time.Now()
	err := l.initiator().Run(initiator.Exchange{
		Requests: 1 << 30,
		Window:   l.cfg.Depth,
		Build:    l.build,
		Reply:    l.reply,
	})
	if !errors.Is(err, errEnough) {
		return Sample{}, err
	}
	return l.sample, nil
}

// initiator returns the initiator of the targets.
func (l *Load) initiator() *initiator.Initiator { return l.targets[0].Initiator() }

// target returns the target of request k.
func (l *Load) target(k int) *initiator.Target { return l.targets[k%len(l.targets)] }

// next returns the first sector of request k.
func (l *Load) next(k int) uint64 {
	if !l.cfg.Random {
		return uint64(k) % l.blocks * uint64(l.sectors)
	}
	l.random = Scramble(l.random)
	return l.random % l.blocks * uint64(l.sectors)
}

// Scramble returns the random number that follows x (xorshift). Every sample has
// the same numbers.
func Scramble(x uint64) uint64 {
	x ^= x << 13
	x ^= x >> 7
	return x ^ x<<17
}

// build writes request k.
func (l *Load) build(k int, f aoe.Frame) int {
	lba := l.next(k)
	n := l.target(k).Command(f, l.flags, l.opcode, uint8(l.sectors), lba)
	if !l.cfg.Write {
		return n
	}
	for i := range l.sectors {
		Stamp(f[aoe.ATALen+i*ata.SectorSize:], lba+uint64(i))
	}
	return aoe.ATALen + l.sectors*ata.SectorSize
}

// Stamp writes its number to the beginning of a sector, in 8 bytes, low byte
// first. Every sector of the benchmark's disks begins so, before and after it is
// written.
func Stamp(sector []byte, lba uint64) { binary.LittleEndian.PutUint64(sector, lba) }

// reply checks a reply and counts it.
func (l *Load) reply(k int, f aoe.Frame, took time.Duration) error {
	if err := l.check(k, f); err != nil {
		return err
	}
	l.latency.Add(took, 1)
	l.answered++
	// Reading the clock at every reply would slow the load down a little; at a
	// depth of 1 it has the time.
	if l.answered%min(16, l.cfg.Depth) != 0 {
		return nil
	}
	switch elapsed := time.Since(l.begin); {
	case !l.measuring && elapsed >= l.cfg.WarmUp:
		return l.start()
	case l.measuring && elapsed >= l.cfg.Length:
		return l.finish(elapsed)
	}
	return nil
}

// check returns what is wrong with the reply to request k: an error in it, or
// data of other sectors.
func (l *Load) check(k int, f aoe.Frame) error {
	t := l.target(k)
	if err := t.Check(f, l.opcode); err != nil || l.cfg.Write {
		return err
	}
	if want := aoe.ATALen + l.sectors*ata.SectorSize; len(f) != want {
		return fmt.Errorf("%s: a reply of %d bytes instead of %d", t.Name(), len(f), want)
	}
	if !l.cfg.Stamped {
		return nil
	}
	lba, last := f.ATALBA(), l.sectors-1
	data := f[aoe.ATALen:]
	if binary.LittleEndian.Uint64(data) != lba || binary.LittleEndian.Uint64(data[last*ata.SectorSize:]) != lba+uint64(last) {
		return fmt.Errorf("%s: wrong data at sector %d", t.Name(), lba)
	}
	return nil
}

// start ends the warm-up.
func (l *Load) start() error {
	if err := l.cfg.Begin(); err != nil {
		return err
	}
	l.measuring, l.answered = true, 0
	l.latency = stats.NewHistogram(scale())
	l.lostBefore = l.initiator().Retransmissions
	l.begin = time.Now()
	return nil
}

// finish completes the sample.
func (l *Load) finish(elapsed time.Duration) error {
	if err := l.cfg.End(); err != nil {
		return err
	}
	var times stats.Times
	times.Add(l.latency)
	l.sample = Sample{
		Requests: l.answered,
		Elapsed:  elapsed,
		P50:      times.Quantile(0.50),
		P99:      times.Quantile(0.99),
		Lost:     l.initiator().Retransmissions - l.lostBefore,
	}
	return errEnough
}
