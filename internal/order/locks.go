// SPDX-License-Identifier: GPL-2.0-only

package order

import "math/bits"

// blockShift is the binary logarithm of the sectors in a block.
const blockShift = 6

// block holds the locks of 64 neighbouring sectors, a bit for each. At least one
// of them is held. A sector that a ticket waits for is held by another.
type block struct {
	writer uint64 // a writer holds it
	reader uint64 // one reader holds it, or two
	second uint64 // two readers hold it
	queued uint64 // a ticket waits for it
}

// queue holds the tickets that wait for a sector's lock, in order of arrival.
type queue struct {
	first, last index // places
}

// part is what a ticket touches of one block.
type part struct {
	key  uint64 // of the block
	mask uint64 // its sectors in it
	next int64  // the first sector behind it
}

// sectorKey returns the key of a lane's sector.
func (l *Lane) sectorKey(sector int64) uint64 { return uint64(l.ID)<<48 | uint64(sector) }

// end returns the sector behind a ticket's last.
func (t *Ticket) end() int64 { return t.First + int64(t.Sectors) }

// part returns the sectors that a ticket touches of one block, from the given one
// on.
func (t *Ticket) part(from int64) part {
	next := min(t.end(), (from>>blockShift+1)<<blockShift)
	return part{
		key:  t.Lane.sectorKey(from) >> blockShift,
		mask: ^uint64(0) >> (64 - uint(next-from)) << uint(from&63),
		next: next,
	}
}

// join puts a ticket into the queues of its sectors.
func (o *Order) join(t *Ticket) {
	for s := t.First; s < t.end(); {
		p := t.part(s)
		b := o.locks.findOrAdd(p.key)
		taken := p.mask & b.taken(t.Access)
		b.take(t.Access, p.mask&^taken)
		for m := taken; m != 0; m &= m - 1 {
			t.waits++
			o.wait(b, p.key, bits.TrailingZeros64(m), t)
		}
		s = p.next
	}
}

// collides reports whether a ticket would have to wait for one of its sectors.
func (o *Order) collides(t *Ticket) bool {
	for s := t.First; s < t.end(); {
		p := t.part(s)
		if b := o.locks.find(p.key); b != nil && p.mask&b.taken(t.Access) != 0 {
			return true
		}
		s = p.next
	}
	return false
}

// leave releases the locks of a ticket that holds all of its own, and hands them
// to the tickets that are next.
func (o *Order) leave(t *Ticket) {
	for s := t.First; s < t.end(); {
		p := t.part(s)
		b := o.locks.find(p.key)
		b.leave(t.Access, p.mask)
		for m := p.mask & b.queued; m != 0; m &= m - 1 {
			o.handOver(b, p.key, bits.TrailingZeros64(m))
		}
		if b.writer|b.reader == 0 {
			o.locks.remove(p.key)
		}
		s = p.next
	}
}

// taken returns the sectors that a new ticket must wait for: those whose holders
// it clashes with, and those that have a queue.
func (b *block) taken(a Access) uint64 { return b.held(a) | b.queued }

// held returns the sectors whose holders clash with an access.
func (b *block) held(a Access) uint64 {
	if a == Read {
		return b.writer | b.second
	}
	return b.writer | b.reader
}

// take gives a ticket the locks in a mask.
func (b *block) take(a Access, mask uint64) {
	if a == Read {
		b.second |= b.reader & mask
		b.reader |= mask
	} else {
		b.writer |= mask
	}
}

// leave takes the locks in a mask from a ticket that holds them.
func (b *block) leave(a Access, mask uint64) {
	if a == Read {
		b.reader &^= mask &^ b.second
		b.second &^= mask
	} else {
		b.writer &^= mask
	}
}

// wait appends a ticket to a sector's queue. The sector is a bit of the block
// with the key.
func (o *Order) wait(b *block, key uint64, bit int, t *Ticket) {
	b.queued |= 1 << bit
	q := o.queues.findOrAdd(key<<blockShift | uint64(bit))
	at := o.places.take()
	o.places.at(at).value = int32(t.Number)
	if q.first == 0 {
		q.first = at
	} else {
		o.places.at(q.last).next = at
	}
	q.last = at
}

// handOver gives a sector's lock, which a ticket has released, to those that are
// next in its queue.
func (o *Order) handOver(b *block, key uint64, bit int) {
	sector := key<<blockShift | uint64(bit)
	q := o.queues.find(sector)
	for q.first != 0 {
		at := q.first
		p := o.places.at(at)
		t := o.tickets[p.value]
		if b.held(t.Access)>>bit&1 != 0 {
			return
		}
		b.take(t.Access, 1<<bit)
		q.first = p.next
		o.places.put(at)
		o.grant(t)
	}
	b.queued &^= 1 << bit
	o.queues.remove(sector)
}
