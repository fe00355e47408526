// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package measure

import (
	"time"

	"vblade/cmd/bench/internal/disks"
	"vblade/cmd/bench/internal/load"
	"vblade/cmd/bench/internal/result"
	"vblade/cmd/bench/internal/rig"
	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
)

// The flood of the export that hangs: two initiators send more requests than a
// server has buffers, and repeat them.
const (
	flooders      = 2
	floodRequests = 160 // of each
)

// asked is the pause between an answer and the next config query.
const asked = 5 * time.Millisecond

// hang measures all exports but the first, in turn. Meanwhile the first is
// flooded, if the workload says so, and config queries to it are timed.
func (r *run) hang(flooded bool) (s result.Sample, err error) {
	var others []*initiator.Target
	for _, e := range r.exports[1:] {
		t, err := r.initiators[r.wires[0]].Find(e.shelf, e.slot)
		if err != nil {
			return s, err
		}
		others = append(others, t)
	}
	stations, err := r.stations() // before the flood, because a target that hangs is not found
	if err != nil {
		return s, err
	}
	prober := stations[0]
	for _, f := range stations[1:] {
		if flooded {
			go f.flood()
		} else {
			close(f.ended)
		}
		defer f.stop()
	}
	go prober.ask()
	s, err = r.metered(func(cfg load.Config) *load.Load {
		cfg.Size, cfg.Stamped = disks.IdleSize, false
		return load.New(cfg, others...)
	}, nil)
	prober.stop()
	s.Query = prober.worst
	return s, err
}

// station is another initiator, which talks to the first export.
type station struct {
	target *initiator.Target
	end    chan struct{} // closed when it is to end
	ended  chan struct{} // closed when it has
	worst  time.Duration // the longest wait for the answer to a config query
}

// stations opens the stations: one that sends queries, and the flooders.
func (r *run) stations() ([]*station, error) {
	var all []*station
	for n := range 1 + flooders {
		s, err := r.station(byte(n))
		if err != nil {
			for _, open := range all {
				open.target.Initiator().Close()
			}
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// station opens station n.
func (r *run) station(n byte) (*station, error) {
	ini, err := r.wires[0].Open(r.host, initiator.Options{
		MAC:      aoe.MAC{0x02, 0, 0, 0, 0x10, n},
		Patience: rig.Patience,
	})
	if err != nil {
		return nil, err
	}
	t, err := ini.Find(r.exports[0].shelf, r.exports[0].slot)
	if err != nil {
		ini.Close()
		return nil, err
	}
	return &station{target: t, end: make(chan struct{}), ended: make(chan struct{})}, nil
}

// flood keeps requests outstanding until the station is stopped.
func (s *station) flood() {
	defer close(s.ended)
	s.target.Initiator().Run(initiator.Exchange{
		Requests: 1 << 30,
		Window:   floodRequests,
		Build: func(k int, f aoe.Frame) int {
			return s.target.Command(f, aoe.ATAExtended, ata.ReadExt, uint8(s.target.Sectors), uint64(k*s.target.Sectors))
		},
		Reply: func(int, aoe.Frame, time.Duration) error { return nil },
	})
}

// ask times config queries until the station is stopped.
func (s *station) ask() {
	defer close(s.ended)
	pause := time.NewTicker(asked)
	defer pause.Stop()
	for {
		begin := time.Now()
		_, err := s.target.Initiator().Find(s.target.Shelf, s.target.Slot)
		s.worst = max(s.worst, time.Since(begin))
		if err != nil {
			return
		}
		select {
		case <-pause.C:
		case <-s.end:
			return
		}
	}
}

// stop stops the station and closes it.
func (s *station) stop() {
	close(s.end)
	s.target.Initiator().Interrupt()
	<-s.ended
	s.target.Initiator().Close()
}
