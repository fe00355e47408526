// SPDX-License-Identifier: GPL-2.0-only

package order

// Order is the order of the requests in flight.
//
// Every sector of an export that a request touches has a fair lock, for
// maxReaders readers or one writer. A request joins the queues of all its sectors
// in one step, when it arrives, and may start once it holds all of its locks.
// This is right because:
//
//   - Two requests that share a sector, one of them a write, never hold its
//     lock at once, and get it in the order of arrival: queues are first come,
//     first served, and no reader overtakes a writer.
//   - It cannot deadlock: a request waits for earlier arrivals only, so the
//     earliest of all waits for none.
//   - Requests that share no sector share no lock and never wait for each other.
//
// A barrier touches no sector; it may start once every write of its lane that
// arrived before it has ended. Nothing waits for a barrier.
//
// Storage: the locks of 64 neighbouring sectors are the bits of a few words, a
// block, so a request that clashes with no other takes and leaves all its locks
// in one step a block. Only a sector that a request waits for has a queue. The
// cost of a request grows at most with its sectors, never with the number of
// requests in flight.
type Order struct {
	tickets []*Ticket    // by their numbers; nil where a number is unused
	numbers []int        // unused ones
	sectors int          // that all tickets touch at most
	blocks  int          // that all tickets touch at most
	locks   table[block] // by export and block
	queues  table[queue] // by export and sector, of the sectors that a ticket waits for
	places  pool[int32]  // of the waiting tickets, by number, chained in queues
	gates   pool[gate]   // of all lanes
	ready   []*Ticket    // what a release lets start
}

// Access is what a ticket does. The zero value is invalid, so that work whose
// access was forgotten does not get a place in the order by accident.
type Access uint8

// The kinds of access.
const (
	Read    Access = 1 + iota // up to maxReaders at once in a sector
	Write                     // alone in a sector
	Barrier                   // after every earlier write of the lane
	Free                      // waits for nothing, and nothing waits for it
)

// maxReaders is the most reads at once in a sector. With more, a read that hangs
// would occupy a worker each time that its initiator repeats it.
const maxReaders = 2

// noAccess is the panic for a ticket without a valid access, which is a fault of
// the program.
const noAccess = "order: a ticket without an access"

// Ticket is a request as the order sees it. The owner sets the exported fields
// but Number before Admit or Clashes, and leaves them until the ticket's Release.
type Ticket struct {
	Lane    *Lane
	Access  Access
	First   int64 // sector, below 1<<48
	Sectors int   // none for Barrier and Free; no more than Grow was told
	Number  int   // set by Grow: unique, and less than the most tickets that there were at once

	room  int   // sectors that Grow made room for
	waits int   // locks, or for a barrier gates, that it waits for
	gate  index // that a write has entered
}

// Lane is the part of the order that belongs to one export. Its zero value with
// an ID is ready for use. An ID may be used again when no ticket of its lane is
// in flight.
type Lane struct {
	ID uint16 // unique among the lanes of an order

	open        index // gate that writes enter now; none while no write is in it
	first, last index // gates with a barrier behind them, in order of arrival
}

// New returns an order without tickets.
func New() *Order {
	return &Order{locks: newTable[block](), queues: newTable[queue]()}
}

// Admit adds a ticket as the latest arrival, and reports whether it may start at
// once. If not, a Release will return it.
func (o *Order) Admit(t *Ticket) (starts bool) {
	t.waits = 0
	switch t.Access {
	case Read:
		o.join(t)
	case Write:
		o.enter(t)
		o.join(t)
	case Barrier:
		o.stop(t)
	case Free:
	default:
		panic(noAccess)
	}
	return t.waits == 0
}

// Clashes reports whether a ticket would have to wait if it were admitted now.
func (o *Order) Clashes(t *Ticket) bool {
	switch t.Access {
	case Read, Write:
		return o.collides(t)
	case Barrier:
		return t.Lane.first != 0 || t.Lane.open != 0
	case Free:
		return false
	default:
		panic(noAccess)
	}
}

// Release ends a ticket that was allowed to start. It returns the tickets that
// may start now; the slice is valid until the next call.
func (o *Order) Release(t *Ticket) []*Ticket {
	o.ready = o.ready[:0]
	switch t.Access {
	case Read:
		o.leave(t)
	case Write:
		o.leave(t)
		o.exit(t)
	case Barrier, Free:
	default:
		panic(noAccess)
	}
	return o.ready
}

// grant gives a ticket one of the locks or gates that it waits for.
func (o *Order) grant(t *Ticket) {
	t.waits--
	if t.waits == 0 {
		o.ready = append(o.ready, t)
	}
}
