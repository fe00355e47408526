// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
)

// region is a part of a disk.
type region struct{ first, sectors int }

// load is an initiator that reads, writes and flushes at random, and checks what
// it reads.
type load struct {
	target *initiator.Target
	ledger *ledger
	rng    *rand.Rand
	own    region // where nobody else writes
	shared region // where all do
	window int

	// tolerate reports whether an error in a reply is due to a fault that the
	// test makes; nil: none is.
	tolerate func(error) bool
	// acked hears of every write that is answered; its error ends the round.
	acked func() error

	ops      []op
	disorder error  // a read that did not see what was sent before it
	before   uint64 // the last id given when the round began
	answered int    // requests, in all
	failed   int    // of them, by a fault
}

// op is a request of a round.
type op struct {
	command uint8
	lba     uint64
	count   int
	id      uint64        // of what it writes
	sent    time.Duration // by the ledger's time
	newest  []uint64      // of a read of own sectors: the writes sent last
	done    bool
}

// errOrder is of a read that did not see the writes sent before it.
var errOrder = errors.New("frames took effect in another order than they were sent in")

// round runs an exchange of n requests. Where it ends in an error, the writes
// outstanding stay open in the ledger.
//
// If nothing had to be sent again, the wire has lost nothing: what was sent first
// came first, and own sectors held at every read what was sent last before it.
func (l *load) round(n int) error {
	l.ops, l.disorder = make([]op, 0, n), nil
	ini, failed := l.target.Initiator(), l.failed
	again := ini.Retransmissions
	l.before = l.ledger.enter(l)
	defer l.ledger.leave(l)
	err := ini.Run(initiator.Exchange{
		Requests: n,
		Window:   l.window,
		Build:    func(_ int, f aoe.Frame) int { return l.build(f) },
		Reply:    func(k int, f aoe.Frame, _ time.Duration) error { return l.reply(&l.ops[k], f) },
		// The target's interface may have another address now.
		Again: func(f aoe.Frame) { f.SetDst(aoe.Broadcast) },
	})
	if err == nil && ini.Retransmissions == again && l.failed == failed {
		return l.disorder
	}
	return err
}

// rounds runs so many rounds.
func (l *load) rounds(n int) error {
	for range n {
		if err := l.round(roundRequests); err != nil {
			return err
		}
	}
	return nil
}

// build draws the next request and writes it into a frame.
func (l *load) build(f aoe.Frame) int {
	o := l.draw()
	n := aoe.MinLen
	switch o.command {
	case ata.WriteExt:
		o.id = l.ledger.write(o.lba, o.count)
		l.target.Command(f, aoe.ATAExtended|aoe.ATAWrite, o.command, uint8(o.count), o.lba)
		for i := range o.count {
			stamp(f[aoe.ATALen+i*sectorSize:], o.lba+uint64(i), o.id)
		}
		n = aoe.ATALen + o.count*sectorSize
	default:
		if o.command == ata.ReadExt && l.own.holds(o.lba) {
			o.newest = l.ledger.newest(o.lba, o.count)
		}
		l.target.Command(f, aoe.ATAExtended, o.command, uint8(o.count), o.lba)
	}
	o.sent = l.ledger.now()
	l.ops = append(l.ops, o)
	return n
}

// draw draws a request: a flush now and then, else as many reads as writes, one
// in four of them where the others are busy too, often right behind the last.
func (l *load) draw() op {
	if l.rng.IntN(50) == 0 {
		return op{command: ata.FlushCacheExt}
	}
	r := l.own
	if l.rng.IntN(4) == 0 {
		r = l.shared
	}
	o := op{command: ata.ReadExt, count: 1 + l.rng.IntN(min(l.target.Sectors, r.sectors))}
	if l.rng.IntN(2) == 0 {
		o.command = ata.WriteExt
	}
	o.lba = uint64(r.first + l.rng.IntN(r.sectors-o.count+1))
	if n := len(l.ops); n > 0 && l.rng.IntN(2) == 0 {
		last := l.ops[n-1]
		if next := last.lba + uint64(last.count); last.count > 0 && r.holds(next) && r.holds(next+uint64(o.count)-1) {
			o.lba = next
		}
	}
	return o
}

// holds reports whether a sector is in the region.
func (r region) holds(lba uint64) bool {
	return lba >= uint64(r.first) && lba < uint64(r.first+r.sectors)
}

// reply takes the answer to a request.
func (l *load) reply(o *op, f aoe.Frame) error {
	o.done = true
	l.answered++
	err := l.target.Check(f, o.command)
	if o.command == ata.WriteExt {
		l.ledger.end(o.id, o.lba, o.count, err == nil)
	}
	switch {
	case err != nil && l.tolerate != nil && l.tolerate(err):
		l.failed++
		return nil
	case err != nil:
		return err
	case o.command == ata.ReadExt:
		return l.checkRead(o, f)
	case o.command == ata.WriteExt && l.acked != nil:
		return l.acked()
	}
	return nil
}

// checkRead checks what a read has brought.
func (l *load) checkRead(o *op, f aoe.Frame) error {
	if want := aoe.ATALen + o.count*sectorSize; len(f) != want {
		return fmt.Errorf("a read of %d sectors is answered by %d bytes, want %d", o.count, len(f), want)
	}
	for i := range o.count {
		lba := o.lba + uint64(i)
		id, err := l.ledger.check(lba, f[aoe.ATALen+i*sectorSize:][:sectorSize], o.sent)
		if err != nil {
			return err
		}
		if o.newest != nil && o.newest[i] > l.before && id != o.newest[i] {
			l.disorder = fmt.Errorf("sector %d holds write %d instead of %d: %w", lba, id, o.newest[i], errOrder)
		}
	}
	return nil
}

// verify reads a region and checks every sector of it.
func (l *ledger) verify(t *initiator.Target, r region) error {
	sent := l.now()
	data := make([]byte, r.sectors*sectorSize)
	if _, err := t.ReadAt(data, int64(r.first)*sectorSize); err != nil {
		return err
	}
	for i := range r.sectors {
		if _, err := l.check(uint64(r.first+i), data[i*sectorSize:][:sectorSize], sent); err != nil {
			return err
		}
	}
	return nil
}
