// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package measure

import (
	"time"

	"vblade/cmd/bench/internal/load"
	"vblade/cmd/bench/internal/result"
	"vblade/cmd/bench/internal/rig"
)

// discoverWithin is how long a broadcast query waits for answers.
const discoverWithin = 5 * time.Second

// sizes measures the time that a fleet takes to start, its memory after a load on
// each link, and how many exports answer a broadcast query.
func (r *run) sizes() (s result.Sample, err error) {
	s.Start = r.fleet.took
	found, err := r.initiators[r.wires[0]].Discover(discoverWithin, len(r.exports))
	if err != nil {
		return s, err
	}
	s.Answers = len(found)
	for _, wire := range r.wires {
		t, err := r.find(wire)
		if err != nil {
			return s, err
		}
		if _, err := load.New(r.config(), t).Run(); err != nil {
			return s, err
		}
	}
	if s.PSS, err = r.fleet.sum(rig.PSS); err != nil {
		return s, err
	}
	threads, err := r.fleet.sum(rig.Threads)
	s.Threads = int(threads)
	return s, err
}
