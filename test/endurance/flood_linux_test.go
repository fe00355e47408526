// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/internal/netio"
	"vblade/test/frametest"
)

// A flood is measured so often for so many reads each time, with and without it
// in turns.
const (
	floodTurns   = 7
	floodReads   = 10_000
	floodSectors = 4096
)

// TestFlood floods a target while an initiator reads: its rate stays above half
// of what it is without the flood, by the median of measurements in turns.
//
// The sender of a flood, target and initiator may share two processors. So that
// the target's part is measured and not how much of a processor the sender takes,
// a flood has a rate: for every two reads without it a foreign frame, for every
// four a broadcast query, which the target has to answer as it has to answer a
// read. The sender sleeps between its batches.
func TestFlood(t *testing.T) {
	endurance(t)
	s := newSite(t)
	_, path := s.memory(stamped(floodSectors))
	s.host.StartVblade(t, program, "-m", lower(frametest.Friend), "9", "0", "tgt0", path)
	r := &reader{target: s.find(initiator.Options{MAC: frametest.Friend}, 9, 0), rng: rand.New(rand.NewPCG(1, 1))}
	r.rate(t) // to warm up
	for _, kind := range foreign {
		f := s.readFrame()
		kind.alien(f)
		s.flood(r, kind.name, f, 0.5)
	}
	f := s.readFrame()
	f.SetDst(aoe.Broadcast)
	f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	f.SetTarget(aoe.EveryShelf, aoe.EverySlot)
	f.SetConfigRequest(aoe.ConfigRead, nil)
	s.flood(r, "broadcast queries", f, 0.25)
}

// floodTries is how often a flood is measured before a bad result counts: other
// programs want the processors too.
const floodTries = 3

// flood measures a flood of the frame f, of which there are share for each read.
func (s *site) flood(r *reader, name string, f aoe.Frame, share float64) {
	s.t.Helper()
	best := 0.0
	for try := 0; try < floodTries && best < 0.5; try++ {
		best = max(best, s.floodOnce(r, name, f, share))
	}
	if best < 0.5 {
		s.t.Errorf("%s: an initiator keeps only %.2f of its rate", name, best)
	}
}

// floodOnce returns what part of its rate a flood leaves a reader; 0 if its sender had
// too little of a processor.
func (s *site) floodOnce(r *reader, name string, f aoe.Frame, share float64) float64 {
	s.t.Helper()
	var ratios []float64
	sent := 0
	for range floodTurns {
		calm := r.rate(s.t)
		sender := s.startSender(f, share*calm)
		ratios = append(ratios, r.rate(s.t)/calm)
		sent += sender.stop()
	}
	slices.Sort(ratios)
	median := ratios[len(ratios)/2]
	s.t.Logf("%s, %d of them: an initiator keeps %.2f of its rate (%.2f to %.2f)", name, sent, median, ratios[0], ratios[len(ratios)-1])
	if sent < floodTurns*floodReads/10 {
		s.t.Logf("%s: only %d were sent: the test tested little", name, sent)
		return 0
	}
	return median
}

// reader reads at random.
type reader struct {
	target *initiator.Target
	rng    *rand.Rand
}

// rate returns how many sectors a second one can read, one a request.
func (r *reader) rate(t *testing.T) float64 {
	t.Helper()
	began := time.Now()
	err := r.target.Initiator().Run(initiator.Exchange{
		Requests: floodReads,
		Window:   16,
		Build: func(_ int, f aoe.Frame) int {
			return r.target.Command(f, aoe.ATAExtended, ata.ReadExt, 1, r.rng.Uint64N(floodSectors))
		},
		Reply: func(_ int, f aoe.Frame, _ time.Duration) error {
			if err := r.target.Check(f, ata.ReadExt); err != nil {
				return err
			}
			_, err := readStamp(f.ATALBA(), f[aoe.ATALen:][:sectorSize])
			return err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return floodReads / time.Since(began).Seconds()
}

// sender sends one frame again and again.
type sender struct {
	quit  chan struct{}
	ended sync.WaitGroup
	sent  int
}

// startSender starts to send f at a rate, in frames a second.
func (s *site) startSender(f aoe.Frame, rate float64) *sender {
	s.t.Helper()
	link := s.link(netio.Config{EtherType: uint16(aoe.EtherType)})
	batch := slices.Repeat([][]byte{f}, 16)
	d := &sender{quit: make(chan struct{})}
	d.ended.Add(1)
	go func() {
		defer d.ended.Done()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for began := time.Now(); ; {
			select {
			case <-d.quit:
				return
			case <-tick.C:
			}
			for due := int(rate * time.Since(began).Seconds()); d.sent+len(batch) <= due; {
				n, _ := link.Send(batch)
				d.sent += max(1, n)
			}
		}
	}()
	return d
}

// stop ends the flood and returns how many frames it had.
func (d *sender) stop() int {
	close(d.quit)
	d.ended.Wait()
	return d.sent
}
