// SPDX-License-Identifier: GPL-2.0-only

package order

// gate counts the unfinished writes of a lane that arrived between two barriers.
// The barrier behind it waits for this gate and the gates before it.
//
// A gate exists while it has a write, or a barrier waits behind it, so there is
// at most one for each ticket.
type gate struct {
	writes  int32
	barrier int32 // number of the ticket; unused while the gate is open
}

// enter puts a write into its lane's open gate.
func (o *Order) enter(t *Ticket) {
	l := t.Lane
	if l.open == 0 {
		l.open = o.gates.take()
	}
	t.gate = l.open
	o.gates.at(l.open).value.writes++
}

// exit takes an ended write out of its gate.
func (o *Order) exit(t *Ticket) {
	l, g := t.Lane, &o.gates.at(t.gate).value
	g.writes--
	switch {
	case g.writes > 0:
	case t.gate == l.open:
		o.gates.put(l.open)
		l.open = 0
	default:
		o.openGates(l)
	}
}

// stop puts a barrier behind its lane's open gate and closes the gate, if an
// earlier write of the lane is unfinished.
func (o *Order) stop(t *Ticket) {
	l := t.Lane
	if l.first == 0 && l.open == 0 {
		return
	}
	t.waits = 1
	closed := l.open
	if closed == 0 {
		closed = o.gates.take() // no write has arrived since the last barrier, which still waits
	}
	l.open = 0
	o.gates.at(closed).value.barrier = int32(t.Number)
	if l.first == 0 {
		l.first = closed
	} else {
		o.gates.at(l.last).next = closed
	}
	l.last = closed
}

// openGates starts the barriers of a lane that have no unfinished write before
// them.
func (o *Order) openGates(l *Lane) {
	for l.first != 0 {
		at := l.first
		g := o.gates.at(at)
		if g.value.writes > 0 {
			return
		}
		l.first = g.next
		o.grant(o.tickets[g.value.barrier])
		o.gates.put(at)
	}
}
