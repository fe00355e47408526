// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"sync/atomic"
	"time"

	"vblade/internal/ata"
)

// pace knows whether a kind of work is fast, so that the leader does it itself,
// or waits for a disk, so that the crew does it while the next frames are
// received. It learns that from the time the work takes: a run now and then that
// is slow, because the processor was busy elsewhere, does not count.
type pace struct {
	score atomic.Int32 // from 0 to paceMax
	slow  atomic.Bool
}

// How the score moves: work is slow from the time that more than one run in
// paceStep is, until less than that are again.
const (
	paceStep = 8
	paceSlow = 2 * paceStep // work that reaches this score is slow, at zero fast again
	paceMax  = 4 * paceStep
)

// epoch is when the clock of the paces began to run.
var epoch = time.Now()

// clock returns the time since epoch, cheaper than time.Now.
func clock() time.Duration { return time.Since(epoch) }

// What is fast: handing a run to a worker and back costs some microseconds, and
// copying to or from the page cache this much for each byte.
const (
	fastRun     = 25 * time.Microsecond
	fastPerByte = 0.5 // nanoseconds
)

// note takes the time that a run of so many bytes took.
func (p *pace) note(took time.Duration, bytes int) {
	limit := fastRun + time.Duration(fastPerByte*float64(bytes))
	score := p.score.Load()
	switch {
	case took > limit && score < paceMax:
		score = p.score.Add(paceStep)
	case took <= limit && score > 0:
		score = p.score.Add(-1)
	}
	switch {
	case score >= paceSlow:
		p.slow.Store(true)
	case score <= 0 && p.slow.Load():
		p.slow.Store(false)
	}
}

// stall says that a run took longer than anything fast ever does.
func (p *pace) stall() {
	p.score.Store(paceMax)
	p.slow.Store(true)
}

// paces are the paces of the kinds of work.
type paces [ata.Ops]pace
