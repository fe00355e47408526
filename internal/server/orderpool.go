// SPDX-License-Identifier: GPL-2.0-only

package server

// The pools behind order: sector locks in a hash table, and the places in
// their queues.

// bucket returns the chain in which a sector's lock hangs.
func (o *order) bucket(sector int64) *index {
	const odd = 0x9e3779b97f4a7c15 // 2^64 over the golden ratio: neighbours spread out
	h := uint64(sector) * odd >> 32
	return &o.buckets[h&uint64(len(o.buckets)-1)]
}

// find returns the lock of a sector, nil where no request is in it.
func (o *order) find(sector int64) *sectorLock {
	for at := *o.bucket(sector); at != 0; {
		l := &o.locks[at-1]
		if l.sector == sector {
			return l
		}
		at = l.next
	}
	return nil
}

// lock makes the lock of a sector that has none.
func (o *order) lock(sector int64) *sectorLock {
	at := o.freeL
	if at != 0 {
		o.freeL = o.locks[at-1].next
	} else {
		o.locks = append(o.locks, sectorLock{}) // within the capacity made at start
		at = index(len(o.locks))
	}
	b := o.bucket(sector)
	o.locks[at-1] = sectorLock{sector: sector, next: *b}
	*b = at
	return &o.locks[at-1]
}

// unlock returns a sector's lock, which nobody holds or waits for, to the pool.
func (o *order) unlock(sector int64) {
	for at := o.bucket(sector); *at != 0; at = &o.locks[*at-1].next {
		if l := &o.locks[*at-1]; l.sector == sector {
			free := *at
			*at = l.next
			l.next = o.freeL
			o.freeL = free
			return
		}
	}
}

// queue puts a ticket at the end of a lock's queue.
func (o *order) queue(l *sectorLock, t *ticket) {
	at := o.freeP
	if at != 0 {
		o.freeP = o.places[at-1].next
	} else {
		o.places = append(o.places, place{}) // within the capacity made at start
		at = index(len(o.places))
	}
	o.places[at-1] = place{number: int32(t.number)}
	if l.first == 0 {
		l.first = at
	} else {
		o.places[l.last-1].next = at
	}
	l.last = at
}

// unqueue takes the first ticket out of a lock's queue.
func (o *order) unqueue(l *sectorLock) {
	at := l.first
	l.first = o.places[at-1].next
	o.places[at-1].next = o.freeP
	o.freeP = at
}
