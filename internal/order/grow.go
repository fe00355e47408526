// SPDX-License-Identifier: GPL-2.0-only

package order

// Grow adds tickets to the order, numbers them, and allocates memory for them:
// each touches at most so many sectors. Requests may be in flight.
func (o *Order) Grow(tickets []*Ticket, sectors int) {
	for _, t := range tickets {
		t.room, t.Number = sectors, len(o.tickets)
		if last := len(o.numbers) - 1; last >= 0 {
			t.Number = o.numbers[last]
			o.numbers = o.numbers[:last]
			o.tickets[t.Number] = t
		} else {
			o.tickets = append(o.tickets, t)
		}
	}
	o.sectors += len(tickets) * sectors
	o.blocks += len(tickets) * blocksOf(sectors)
	o.locks.grow(o.blocks)
	o.queues.grow(o.sectors)
	o.places.grow(o.sectors)
	o.gates.grow(len(o.tickets))
	if len(o.tickets) > cap(o.ready) {
		o.ready = make([]*Ticket, 0, len(o.tickets))
	}
}

// Shrink removes tickets that are not in flight from the order. The next Grow
// reuses their memory and numbers; no memory is freed.
func (o *Order) Shrink(tickets []*Ticket) {
	for _, t := range tickets {
		o.sectors -= t.room
		o.blocks -= blocksOf(t.room)
		o.tickets[t.Number] = nil
		o.numbers = append(o.numbers, t.Number)
	}
	clear(o.ready[:cap(o.ready)])
}

// blocksOf returns the most blocks that a number of contiguous sectors touches.
func blocksOf(sectors int) int {
	if sectors == 0 {
		return 0
	}
	return (sectors+(1<<blockShift)-2)>>blockShift + 1
}
