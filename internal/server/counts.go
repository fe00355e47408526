// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"math/bits"
	"sync/atomic"
	"time"

	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/stats"
)

// event is a kind of thing that is counted for an export; bytes are counted each.
type event uint8

// The events.
const (
	masked     event = iota // a frame of a source that the mask list leaves out
	shed                    // a request dropped because the export had too many in flight
	repeated                // a request that its initiator had sent before
	readsDone               // READs that went to the disk
	readBytes               // of theirs that were read
	writesDone              // WRITEs that went to the disk
	writeBytes              // of theirs that were written
	flushesDone
	faulted // the first of the Faults, each an event
	events  = faulted + event(blade.Faults)
)

// operationOf is the operation as which the times of a kind of work are counted.
// It does not compile if a kind at the end is missing.
var operationOf = [...]stats.Operation{
	ata.OpNone:     stats.Other,
	ata.OpRead:     stats.Read,
	ata.OpWrite:    stats.Write,
	ata.OpFlush:    stats.Flush,
	ata.OpIdentify: stats.Other,
}

var _ [ata.Ops]stats.Operation = operationOf

// tally counts in plain memory what one goroutine does, so that a batch of frames
// takes no more accesses to shared memory than a single frame.
type tally struct {
	n       [events]uint64
	dirty   uint32 // the events with a count, as bits
	replies [stats.Operations]uint64
}

// add counts n events.
func (t *tally) add(e event, n uint64) {
	t.n[e] += n
	t.dirty |= 1 << e
}

// count counts a request that has a reply.
func (t *tally) count(r *request) {
	t.replies[operationOf[r.Work.Op]]++
	if r.Fault != blade.FaultNone {
		t.add(faulted+event(r.Fault), 1)
	}
	switch r.Work.Op {
	case ata.OpRead:
		t.add(readsDone, 1)
		t.add(readBytes, r.BytesDone())
	case ata.OpWrite:
		t.add(writesDone, 1)
		t.add(writeBytes, r.BytesDone())
	case ata.OpFlush:
		t.add(flushesDone, 1)
	}
}

// moveTo moves the tally to c, except for the replies, which are counted with
// their times.
func (t *tally) moveTo(c *counters) {
	for ; t.dirty != 0; t.dirty &= t.dirty - 1 {
		e := bits.TrailingZeros32(t.dirty)
		c.n[e].Add(t.n[e])
		t.n[e] = 0
	}
}

// counters are counters that others may read at any time.
type counters struct{ n [events]atomic.Uint64 }

// counts is the counters of an export. The leader, which counts most, has
// counters of its own, so that no worker's writes slow it down. The times of an
// operation are counted together, because on a disk either the leader or the crew
// does most of it.
type counts struct {
	turn    tally // of the leader's turn, until its replies are sent
	touched bool  // there is something in turn
	led     counters
	crew    counters
	service stats.Service
}

// countTurn publishes what the leader has counted in its turn. The replies were
// sent, so their requests took from the beginning of the turn until now.
func (s *Server) countTurn() {
	t := &s.turn
	if len(t.touched) == 0 {
		return
	}
	took := clock() - t.began
	for _, e := range t.touched {
		c := &e.counts
		c.touched = false
		c.turn.moveTo(&c.led)
		for op, n := range c.turn.replies {
			if n > 0 {
				c.service[op].Add(took, n)
				c.turn.replies[op] = 0
			}
		}
	}
	t.touched = t.touched[:0]
}

// landed counts the time of a request that the ring has completed, and that
// arrived before the turn that answers it.
func (c *counts) landed(r *request, now time.Duration) {
	op := operationOf[r.Work.Op]
	c.turn.replies[op]--
	c.service[op].Add(now-r.arrived, 1)
}

// publish publishes what was counted of a run whose replies were sent.
func (t *tally) publish(u *run) {
	c := &u.export().counts
	now := clock()
	for _, r := range u.requests {
		if r.Reply > 0 {
			c.service[operationOf[r.Work.Op]].Add(now-r.arrived, 1)
		}
	}
	t.moveTo(&c.crew)
	t.replies = [stats.Operations]uint64{}
}

// linkCounts is the counters of a link's frames.
type linkCounts struct {
	received, ignored atomic.Uint64
	stale             atomic.Uint64 // received, and dropped since they had waited for too long
	sent, unsent      atomic.Uint64
}

// send counts replies of which n could be sent.
func (c *linkCounts) send(n, replies int) {
	c.sent.Add(uint64(n))
	if n < replies {
		c.unsent.Add(uint64(replies - n))
	}
}
