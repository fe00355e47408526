// SPDX-License-Identifier: GPL-2.0-only

package server

// order keeps requests that touch the same sectors in the order in which they
// arrived, and lets all others pass each other (difference 12).
//
// Every sector with a request in it has a fair lock for maxReaders readers or one
// writer. A request joins the queues of all its sectors in one step, when it
// arrives, and may start once it holds every one of its locks. Why that is right:
//
//   - Two requests that share a sector, one of them a write, never hold its
//     lock at once, and get it in the order of arrival: queues are first come,
//     first served, and no reader overtakes a writer.
//   - It cannot deadlock: whoever waits, waits for earlier arrivals only, so
//     the earliest request of all waits for none.
//   - Requests that share no sector share no lock and never wait for each other.
//
// A barrier touches no sector; it may start once every write that arrived
// before it has ended. Nothing waits for a barrier.
//
// The cost of a request grows with its sectors, not with the number of requests
// in flight. All memory is taken at the start. A zero order is not usable.
type order struct {
	tickets []*ticket    // by their number
	locks   []sectorLock // a pool, of which those in use hang in buckets
	buckets []index      // heads of the chains of locks, by hash of the sector
	places  []place      // a pool of waiting tickets
	freeL   index        // unused locks, chained
	freeP   index        // unused places, chained
	gates   []gate       // a ring, by number
	head    int64        // number of the first gate whose writes or barrier remain
	tail    int64        // number of the gate that writes enter now
	ready   []*ticket    // what a release lets start
}

// index is the place of an element in a pool, counted from one; zero is none.
// Numbers instead of pointers keep the pools out of the garbage collector's way.
type index int32

// access is what a ticket does.
type access uint8

// maxReaders is the most reads at once in a sector. More would do nothing but
// this: a read that hangs is sent again and again by its initiator, and each of
// them would keep another worker.
const maxReaders = 2

// The kinds of access.
const (
	reads    access = iota // up to maxReaders in a sector
	writes                 // alone in a sector
	barriers               // after every earlier write
)

// ticket is a request as the order sees it.
type ticket struct {
	number  int // its place in order.tickets
	access  access
	first   int64 // sector
	sectors int
	waits   int   // locks, or for a barrier gates, that it waits for
	gate    int64 // number of the gate that a write entered
}

// sectorLock is the lock of one sector.
type sectorLock struct {
	sector      int64
	readers     int32 // that hold it
	writer      bool  // a writer holds it
	first, last index // places of those that wait, in order of arrival
	next        index // in the bucket or the pool
}

// place is where a ticket waits in a sector's queue.
type place struct {
	number int32 // of the ticket
	next   index // in the queue or the pool
}

// gate counts the unfinished writes that arrived between two barriers; the
// barrier behind it waits for it and for the gates before.
type gate struct {
	writes  int
	barrier int // number of the ticket
}

// newOrder returns the order of the tickets given, each of which touches at
// most sectors sectors.
func newOrder(tickets []*ticket, sectors int) *order {
	n := len(tickets) * sectors
	buckets := 1
	for buckets < n {
		buckets *= 2
	}
	for i, t := range tickets {
		t.number = i
	}
	return &order{
		tickets: tickets,
		locks:   make([]sectorLock, 0, n),
		buckets: make([]index, buckets),
		places:  make([]place, 0, n),
		gates:   make([]gate, len(tickets)+1),
		ready:   make([]*ticket, 0, len(tickets)),
	}
}

// admit takes a ticket in, as the latest arrival, and tells whether it may
// start at once. If not, a release will return it.
func (o *order) admit(t *ticket) bool {
	t.waits = 0
	switch t.access {
	case barriers:
		o.admitBarrier(t)
	case writes:
		t.gate = o.tail
		o.gate(t.gate).writes++
		o.join(t)
	default:
		o.join(t)
	}
	return t.waits == 0
}

// clashes tells whether a ticket, were it admitted, would have to wait.
func (o *order) clashes(t *ticket) bool {
	if t.access == barriers {
		return o.head != o.tail || o.gate(o.tail).writes > 0
	}
	for s := t.first; s < t.first+int64(t.sectors); s++ {
		if l := o.find(s); l != nil && !l.open(t.access) {
			return true
		}
	}
	return false
}

// release ends a ticket and returns those that may start now, until the next call.
func (o *order) release(t *ticket) []*ticket {
	o.ready = o.ready[:0]
	if t.access == barriers {
		return nil
	}
	for s := t.first; s < t.first+int64(t.sectors); s++ {
		o.leave(s, t.access)
	}
	if t.access == writes {
		o.gate(t.gate).writes--
		o.openGates()
	}
	return o.ready
}

// gate returns the gate of a number.
func (o *order) gate(number int64) *gate { return &o.gates[number%int64(len(o.gates))] }

// admitBarrier puts a barrier behind the present gate and makes a new one, if
// any earlier write is unfinished.
func (o *order) admitBarrier(t *ticket) {
	if o.head == o.tail && o.gate(o.tail).writes == 0 {
		return
	}
	t.waits = 1
	o.gate(o.tail).barrier = t.number
	o.tail++
	*o.gate(o.tail) = gate{}
}

// openGates lets the barriers start before which no write is left.
func (o *order) openGates() {
	for o.head != o.tail && o.gate(o.head).writes == 0 {
		o.grant(o.tickets[o.gate(o.head).barrier])
		o.head++
	}
}

// join puts a ticket into the queues of its sectors.
func (o *order) join(t *ticket) {
	for s := t.first; s < t.first+int64(t.sectors); s++ {
		l := o.find(s)
		if l == nil {
			l = o.lock(s)
		}
		if l.open(t.access) {
			l.take(t.access)
		} else {
			t.waits++
			o.queue(l, t)
		}
	}
}

// open tells whether an arrival may take the lock: nobody it clashes with holds
// it, and nobody waits.
func (l *sectorLock) open(a access) bool {
	return l.first == 0 && l.admits(a)
}

// admits tells whether an access does not clash with those that hold the lock.
func (l *sectorLock) admits(a access) bool {
	if a == reads {
		return !l.writer && l.readers < maxReaders
	}
	return !l.writer && l.readers == 0
}

// take gives the lock to one more.
func (l *sectorLock) take(a access) {
	if a == reads {
		l.readers++
	} else {
		l.writer = true
	}
}

// leave takes a sector's lock from one that holds it and gives it to those
// whose turn it is.
func (o *order) leave(sector int64, a access) {
	l := o.find(sector)
	if a == reads {
		l.readers--
	} else {
		l.writer = false
	}
	for l.first != 0 {
		p := &o.places[l.first-1]
		t := o.tickets[p.number]
		if !l.admits(t.access) {
			return
		}
		l.take(t.access)
		o.unqueue(l)
		o.grant(t)
	}
	if !l.writer && l.readers == 0 {
		o.unlock(sector)
	}
}

// grant gives a ticket one of the locks it waits for.
func (o *order) grant(t *ticket) {
	t.waits--
	if t.waits == 0 {
		o.ready = append(o.ready, t)
	}
}
