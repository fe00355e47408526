// SPDX-License-Identifier: GPL-2.0-only

package server

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// orderModel is the order's definition, as slow as it is plain: a ticket may
// start when no earlier one that it clashes with is left, and a read when in
// none of its sectors maxReaders earlier ones are.
type orderModel struct {
	arrived []*ticket // not yet released, in order of arrival
	started map[*ticket]bool
}

// clash tells whether two tickets must keep their order, the earlier first.
func clash(earlier, later *ticket) bool {
	if later.access == barriers {
		return earlier.access == writes
	}
	if earlier.access == barriers || earlier.access == reads && later.access == reads {
		return false
	}
	return earlier.first < later.first+int64(later.sectors) && later.first < earlier.first+int64(earlier.sectors)
}

// mayStart tells whether an arrived ticket may start.
func (m *orderModel) mayStart(t *ticket) bool {
	readers := map[int64]int{} // by sector
	for _, earlier := range m.arrived {
		if earlier == t {
			break
		}
		if clash(earlier, t) {
			return false
		}
		for s := earlier.first; s < earlier.first+int64(earlier.sectors) && earlier.access == reads; s++ {
			readers[s]++
		}
	}
	for s := t.first; s < t.first+int64(t.sectors) && t.access == reads; s++ {
		if readers[s] >= maxReaders {
			return false
		}
	}
	return true
}

// starts returns the arrived tickets that may start and have not.
func (m *orderModel) starts() []*ticket {
	var list []*ticket
	for _, t := range m.arrived {
		if !m.started[t] && m.mayStart(t) {
			m.started[t] = true
			list = append(list, t)
		}
	}
	return list
}

// orderTest runs an order and its model side by side.
type orderTest struct {
	t     testing.TB
	order *order
	model orderModel
	free  []*ticket
}

// Sizes of the order under test: few sectors, so that tickets clash.
const (
	testTickets = 24
	testSectors = 5 // of a ticket, at the most
	testDisk    = 12
)

// newOrderTest returns an order test.
func newOrderTest(t testing.TB) *orderTest {
	o := &orderTest{t: t, model: orderModel{started: map[*ticket]bool{}}}
	for range testTickets {
		o.free = append(o.free, new(ticket))
	}
	o.order = newOrder(slices.Clone(o.free), testSectors)
	return o
}

// admit has the next free ticket arrive.
func (o *orderTest) admit(a access, first int64, sectors int) {
	o.t.Helper()
	n := len(o.free) - 1
	k := o.free[n]
	o.free = o.free[:n]
	k.access, k.first, k.sectors = a, first, sectors
	waits := o.order.clashes(k)
	o.model.arrived = append(o.model.arrived, k)
	starts := o.order.admit(k)
	if want := len(o.model.starts()) == 1; starts != want || waits == want {
		o.t.Fatalf("ticket %+v: starts %v, clashes %v; want starts %v", *k, starts, waits, want)
	}
}

// release ends the i-th of the started tickets.
func (o *orderTest) release(i int) {
	o.t.Helper()
	var started []*ticket
	for _, t := range o.model.arrived {
		if o.model.started[t] {
			started = append(started, t)
		}
	}
	k := started[i%len(started)]
	o.model.arrived = slices.DeleteFunc(o.model.arrived, func(t *ticket) bool { return t == k })
	delete(o.model.started, k)
	got := slices.Clone(o.order.release(k))
	want := o.model.starts()
	byNumber := func(a, b *ticket) int { return a.number - b.number }
	slices.SortFunc(got, byNumber)
	slices.SortFunc(want, byNumber)
	if !slices.Equal(got, want) {
		o.t.Fatalf("the end of %+v starts %v, want %v", *k, got, want)
	}
	o.free = append(o.free, k)
}

// drain ends every ticket and checks that nothing is left.
func (o *orderTest) drain() {
	o.t.Helper()
	for len(o.model.arrived) > 0 {
		o.release(0)
	}
	for sector := range int64(testDisk + testSectors) {
		if o.order.find(sector) != nil {
			o.t.Fatalf("sector %d is locked when all tickets have ended", sector)
		}
	}
}

// step admits or releases, as four bytes say.
func (o *orderTest) step(b [4]byte) {
	o.t.Helper()
	if len(o.free) == 0 || len(o.model.arrived) > 0 && b[0]%2 == 0 {
		o.release(int(b[1]))
		return
	}
	access := []access{reads, reads, writes, writes, writes, barriers}[b[1]%6]
	o.admit(access, int64(b[2]%testDisk), 1+int(b[3]%testSectors))
}

// TestOrder compares the order with its definition over random arrivals and ends.
func TestOrder(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		o := newOrderTest(t)
		for range 2000 {
			n := random.Uint32()
			// Arrivals outnumber ends now, and ends arrivals then.
			b := [4]byte{byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)}
			if random.IntN(200) < 100+int(seed%50) {
				b[0] |= 1
			}
			o.step(b)
		}
		o.drain()
	}
}

// FuzzOrder compares the order with its definition over what the bytes say.
func FuzzOrder(f *testing.F) {
	f.Add([]byte{1, 2, 0, 3, 1, 0, 1, 2, 1, 5, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{1, 2, 0, 0, 1, 2, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		o := newOrderTest(t)
		for len(script) >= 4 {
			o.step([4]byte(script))
			script = script[4:]
		}
		o.drain()
	})
}

// BenchmarkOrder admits and releases requests of two sectors with many others
// in flight: the cost must not depend on how many.
func BenchmarkOrder(b *testing.B) {
	tickets := make([]*ticket, 256)
	for i := range tickets {
		tickets[i] = new(ticket)
	}
	o := newOrder(tickets, 127)
	for i, k := range tickets[:255] {
		k.access, k.first, k.sectors = writes, int64(2*i), 2
		o.admit(k)
	}
	k := tickets[255]
	for i := range b.N {
		k.access, k.first, k.sectors = reads, int64(1000+2*(i%1000)), 2
		o.admit(k)
		o.release(k)
	}
}
