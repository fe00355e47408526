// SPDX-License-Identifier: GPL-2.0-only

package order

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestOrder compares the order with its definition over random arrivals and ends.
func TestOrder(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		p := newPair(t)
		for range 2000 {
			var b [4]byte
			binary.LittleEndian.PutUint32(b[:], random.Uint32())
			// Arrivals outnumber ends now, and ends arrivals then.
			if random.IntN(200) < 100+int(seed) {
				b[0] |= 1
			}
			p.step(b)
		}
		p.drain()
	}
}

// FuzzOrder compares the order with its definition over what the bytes say.
func FuzzOrder(f *testing.F) {
	f.Add([]byte{1, 3, 0, 3, 1, 0, 1, 2, 1, 8, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{1, 3, 0, 0, 3, 3, 0, 0, 1, 3, 0, 0xff, 0, 0, 0, 0, 0, 1, 0, 0})
	f.Add([]byte{1, 3, 0, 0, 1, 8, 0, 0, 1, 8, 0, 0, 3, 8, 0, 0, 0xf8, 7, 3, 0, 1, 3, 0, 0xff, 0xf0, 7, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		p := newPair(t)
		for len(script) >= 4 {
			p.step([4]byte(script))
			script = script[4:]
		}
		p.drain()
	})
}

// tickets returns an order with n tickets of so many sectors.
func tickets(n, sectors int) (*Order, []*Ticket) {
	o, list := New(), make([]*Ticket, n)
	for i := range list {
		list[i] = new(Ticket)
	}
	o.Grow(list, sectors)
	return o, list
}

// TestShrink sees that links which come and go take no memory, and no new numbers.
func TestShrink(t *testing.T) {
	p := newPair(t)
	p.grow(8, 130)
	p.shrink(8)
	before := p.capacities()
	for range 20 {
		p.grow(8, 130)
		p.shrink(8)
	}
	if got := p.capacities(); got != before {
		t.Errorf("capacities grew from %v to %v", before, got)
	}
	if n := len(p.order.tickets); n != 28 {
		t.Errorf("there are %d numbers, want 28", n)
	}
	p.drain()
}

// TestBarrierOfLane sees that a barrier waits for its own lane's writes only,
// and that nothing waits for it.
func TestBarrierOfLane(t *testing.T) {
	o, k := tickets(4, 2)
	mine, other := &Lane{ID: 1}, &Lane{ID: 2}
	*k[0] = Ticket{Lane: mine, Access: Write, Sectors: 2, Number: k[0].Number, room: 2}
	*k[1] = Ticket{Lane: other, Access: Barrier, Number: k[1].Number}
	*k[2] = Ticket{Lane: mine, Access: Barrier, Number: k[2].Number}
	*k[3] = Ticket{Lane: mine, Access: Write, First: 2, Sectors: 2, Number: k[3].Number, room: 2}
	for i, want := range []bool{true, true, false, true} {
		if got := o.Admit(k[i]); got != want {
			t.Fatalf("ticket %d starts: %v, want %v", i, got, want)
		}
	}
	if got := o.Release(k[3]); len(got) != 0 {
		t.Errorf("the end of a write behind the barrier starts %v", got)
	}
	if got := o.Release(k[0]); !slices.Equal(got, k[2:3]) {
		t.Errorf("the end of the write before the barrier starts %v, want the barrier", got)
	}
}

// TestNoAccess sees that a ticket whose access nobody stated is refused.
func TestNoAccess(t *testing.T) {
	for _, a := range []Access{0, Free + 1} {
		o, k := tickets(1, 1)
		k[0].Lane, k[0].Access = &Lane{}, a
		for name, use := range map[string]func(){
			"Admit":   func() { o.Admit(k[0]) },
			"Clashes": func() { o.Clashes(k[0]) },
			"Release": func() { o.Release(k[0]) },
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s takes a ticket with access %d", name, a)
					}
				}()
				use()
			}()
		}
	}
}

// TestBlocksOf compares the room for blocks with the blocks of every place
// where so many sectors may begin.
func TestBlocksOf(t *testing.T) {
	for sectors := range 200 {
		most := 0
		for first := range int64(64) {
			k, n := Ticket{Lane: &Lane{}, First: first, Sectors: sectors}, 0
			for s := k.First; s < k.end(); s = k.part(s).next {
				n++
			}
			most = max(most, n)
		}
		if got := blocksOf(sectors); got != most {
			t.Errorf("blocksOf(%d) = %d, want %d", sectors, got, most)
		}
	}
}

// TestAllocations sees that requests in flight take no memory, however they clash.
func TestAllocations(t *testing.T) {
	for _, sectors := range []int{1, 2, 17, 127} {
		o, list := tickets(200, sectors)
		lanes := []*Lane{{ID: 1}, {ID: 2}, {ID: 3}}
		random := rand.New(rand.NewPCG(1, uint64(sectors)))
		var ready []*Ticket // up to 200, made before
		round := func() {
			ready = ready[:0]
			for i, k := range list {
				k.Lane = lanes[random.IntN(3)]
				k.Access, k.First, k.Sectors = Write, 1<<47+random.Int64N(500), sectors
				switch i % 8 {
				case 0:
					k.Access, k.Sectors = Barrier, 0
				case 1, 2, 3:
					k.Access = Read
				}
				if o.Clashes(k); o.Admit(k) {
					ready = append(ready, k)
				}
			}
			for n := 0; n < len(ready); n++ {
				ready = append(ready, o.Release(ready[n])...)
			}
			if len(ready) != len(list) {
				t.Fatalf("%d of %d tickets started", len(ready), len(list))
			}
		}
		if n := testing.AllocsPerRun(50, round); n != 0 {
			t.Errorf("%d sectors: %v allocations", sectors, n)
		}
	}
}

// BenchmarkOrder admits and releases a request with many others in flight: the
// cost must not depend on how many.
func BenchmarkOrder(b *testing.B) {
	for _, flying := range []int{0, 15, 255, 4095} {
		for _, sectors := range []int{2, 17} {
			b.Run(fmt.Sprintf("%d sectors, %d in flight", sectors, flying), func(b *testing.B) {
				o, list := tickets(flying+1, sectors)
				lane := &Lane{ID: 7}
				for i, k := range list[:flying] {
					k.Lane, k.Access, k.First, k.Sectors = lane, Write, int64(i*sectors), sectors
					o.Admit(k)
				}
				k := list[flying]
				k.Lane, k.Access, k.Sectors = lane, Read, sectors
				for i := range b.N {
					k.First = int64(flying*sectors + sectors*(i%1000))
					if !o.Clashes(k) && o.Admit(k) {
						o.Release(k)
					}
				}
			})
		}
	}
}

// BenchmarkContended has one sector waited for by many: the cost of each must
// not depend on how many.
func BenchmarkContended(b *testing.B) {
	for _, waiting := range []int{1, 100, 4000} {
		b.Run(fmt.Sprint(waiting, " waiting"), func(b *testing.B) {
			o, list := tickets(waiting+1, 2)
			lane := &Lane{ID: 7}
			for _, k := range list {
				k.Lane, k.Access, k.First, k.Sectors = lane, Write, 63, 2
				o.Admit(k)
			}
			for i := range b.N { // the earliest ends and comes anew, as the latest
				k := list[i%len(list)]
				if next := o.Release(k); len(next) != 1 {
					b.Fatalf("%d start", len(next))
				}
				o.Admit(k)
			}
		})
	}
}
