// SPDX-License-Identifier: GPL-2.0-only

package order

import (
	"slices"
	"testing"
)

// model is the order's definition, as slow as it is plain: a ticket may start
// when no earlier one that it clashes with is left, and a read when in none of
// its sectors maxReaders earlier ones are.
type model struct {
	arrived []*Ticket // not yet released, in order of arrival
	started map[*Ticket]bool
}

// clash reports whether two tickets must keep their order, the earlier first.
func clash(earlier, later *Ticket) bool {
	switch {
	case earlier.Lane != later.Lane, earlier.Access == Free, later.Access == Free, earlier.Access == Barrier:
		return false
	case later.Access == Barrier:
		return earlier.Access == Write
	case earlier.Access == Read && later.Access == Read:
		return false
	}
	return earlier.First < later.end() && later.First < earlier.end()
}

// mayStart reports whether an arrived ticket may start.
func (m *model) mayStart(t *Ticket) bool {
	readers := map[int64]int{} // by sector
	for _, earlier := range m.arrived {
		if earlier == t {
			break
		}
		if clash(earlier, t) {
			return false
		}
		for s := earlier.First; s < earlier.end() && earlier.Access == Read && earlier.Lane == t.Lane; s++ {
			readers[s]++
		}
	}
	for s := t.First; s < t.end() && t.Access == Read; s++ {
		if readers[s] >= maxReaders {
			return false
		}
	}
	return true
}

// starts returns the arrived tickets that may start and have not.
func (m *model) starts() []*Ticket {
	var list []*Ticket
	for _, t := range m.arrived {
		if !m.started[t] && m.mayStart(t) {
			m.started[t] = true
			list = append(list, t)
		}
	}
	return list
}

// pair runs an order and its model side by side.
type pair struct {
	t     testing.TB
	order *Order
	model model
	lanes []*Lane
	all   int       // tickets
	free  []*Ticket // those not in flight
	room  [4]int    // capacities of the pools when the order grew last
}

// maxTickets is the most tickets at once.
const maxTickets = 40

// newPair returns a pair with tickets and lanes.
func newPair(t testing.TB) *pair {
	p := &pair{t: t, order: New(), model: model{started: map[*Ticket]bool{}}}
	for _, id := range []uint16{0, 1, 0xffff} {
		p.lanes = append(p.lanes, &Lane{ID: id})
	}
	p.grow(20, 5)
	return p
}

// capacities returns those of the order's pools.
func (p *pair) capacities() [4]int {
	o := p.order
	return [4]int{cap(o.locks.pool.items), cap(o.queues.pool.items), cap(o.places.items), cap(o.gates.items)}
}

// grow adds tickets.
func (p *pair) grow(n, sectors int) {
	p.t.Helper()
	var tickets []*Ticket
	for range min(n, maxTickets-p.all) {
		tickets = append(tickets, new(Ticket))
	}
	p.order.Grow(tickets, sectors)
	p.free = append(p.free, tickets...)
	p.all += len(tickets)
	p.room = p.capacities()
	seen := map[int]bool{}
	for _, k := range append(slices.Clone(p.free), p.model.arrived...) {
		if seen[k.Number] || k.Number < 0 || k.Number >= maxTickets || p.order.tickets[k.Number] != k {
			p.t.Fatalf("number %d is not one ticket's alone, or too large", k.Number)
		}
		seen[k.Number] = true
	}
}

// shrink removes the tickets that are free last, as long as some are left.
func (p *pair) shrink(n int) {
	if n = min(n, len(p.free), p.all-4); n > 0 {
		left := len(p.free) - n
		p.order.Shrink(p.free[left:])
		p.free = p.free[:left]
		p.all -= n
	}
}

// admit has the next free ticket arrive, with as many sectors as it has room for
// at the most.
func (p *pair) admit(l *Lane, a Access, first int64, sectors int) {
	p.t.Helper()
	n := len(p.free) - 1
	k := p.free[n]
	p.free = p.free[:n]
	if a == Barrier || a == Free {
		sectors = 0
	}
	k.Lane, k.Access, k.First, k.Sectors = l, a, first, min(sectors, k.room)
	waits := p.order.Clashes(k)
	p.model.arrived = append(p.model.arrived, k)
	starts := p.order.Admit(k)
	if want := len(p.model.starts()) == 1; starts != want || waits == want {
		p.t.Fatalf("ticket %+v: starts %v, clashes %v; want starts %v", *k, starts, waits, want)
	}
	if p.capacities() != p.room {
		p.t.Fatalf("capacities grew from %v to %v by an arrival", p.room, p.capacities())
	}
}

// release ends the i-th of the started tickets.
func (p *pair) release(i int) {
	p.t.Helper()
	var started []*Ticket
	for _, t := range p.model.arrived {
		if p.model.started[t] {
			started = append(started, t)
		}
	}
	if len(started) == 0 {
		p.t.Fatalf("%d tickets are in flight and none may start", len(p.model.arrived))
	}
	k := started[i%len(started)]
	p.model.arrived = slices.DeleteFunc(p.model.arrived, func(t *Ticket) bool { return t == k })
	delete(p.model.started, k)
	got, want := slices.Clone(p.order.Release(k)), p.model.starts()
	byNumber := func(a, b *Ticket) int { return a.Number - b.Number }
	slices.SortFunc(got, byNumber)
	slices.SortFunc(want, byNumber)
	if !slices.Equal(got, want) {
		p.t.Fatalf("the end of %+v starts %v, want %v", *k, got, want)
	}
	p.free = append(p.free, k)
}

// drain ends every ticket and checks that nothing is left.
func (p *pair) drain() {
	p.t.Helper()
	for len(p.model.arrived) > 0 {
		p.release(0)
	}
	for _, l := range p.lanes {
		if l.first != 0 || l.open != 0 {
			p.t.Errorf("lane %+v has gates when all tickets have ended", *l)
		}
	}
	o := p.order
	empty(p.t, "locks", &o.locks.pool)
	empty(p.t, "queues", &o.queues.pool)
	empty(p.t, "places", &o.places)
	empty(p.t, "gates", &o.gates)
	if slices.Max(o.locks.buckets) > 0 || slices.Max(o.queues.buckets) > 0 {
		p.t.Error("a key is left when all tickets have ended")
	}
}

// empty checks that all items of a pool are unused.
func empty[V any](t testing.TB, name string, p *pool[V]) {
	t.Helper()
	n := 0
	for i := p.free; i != 0 && n <= len(p.items); i = p.at(i).next {
		n++
	}
	if n != len(p.items) {
		t.Errorf("%s: %d of %d items are unused when all tickets have ended", name, n, len(p.items))
	}
}

// step admits, releases, grows or shrinks, as four bytes say. Tickets clash
// often: there are few sectors, on both sides of a block's border.
func (p *pair) step(b [4]byte) {
	p.t.Helper()
	switch {
	case b[0] >= 0xf8:
		p.grow(int(b[1]%8), []int{1, 5, 66, 130}[b[2]%4])
	case b[0] >= 0xf0:
		p.shrink(int(b[1] % 8))
	case len(p.free) == 0 || len(p.model.arrived) > 0 && b[0]%2 == 0:
		p.release(int(b[1]))
	default:
		access := []Access{Read, Read, Read, Write, Write, Write, Write, Write, Barrier, Barrier, Free}[b[1]%11]
		sectors := 1 + int(b[3]%5)
		if b[3] >= 0xe0 {
			sectors = 130
		}
		p.admit(p.lanes[b[0]>>1%3], access, 58+int64(b[2]%12), sectors)
	}
}
