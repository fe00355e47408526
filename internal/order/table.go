// SPDX-License-Identifier: GPL-2.0-only

package order

import (
	"math/bits"
	"math/rand/v2"
)

// index is the place of an item in a pool, counted from 1; 0 is no item. The
// garbage collector does not scan numbers, as it would pointers, and they remain
// valid when a pool grows.
type index int32

// pool allocates items, within the memory that grow has made.
type pool[V any] struct {
	items []item[V]
	free  index // unused items, chained
}

// item is an item of a pool.
type item[V any] struct {
	value V
	next  index // in a chain of the pool's user, or of unused items
}

// at returns the item with an index, until the pool grows.
func (p *pool[V]) at(i index) *item[V] { return &p.items[i-1] }

// take returns an unused item, zeroed.
func (p *pool[V]) take() index {
	i := p.free
	if i == 0 {
		p.items = append(p.items, item[V]{}) // within the capacity that grow made
		return index(len(p.items))
	}
	p.free = p.at(i).next
	*p.at(i) = item[V]{}
	return i
}

// put frees an item.
func (p *pool[V]) put(i index) {
	p.at(i).next = p.free
	p.free = i
}

// grow makes room for n items in all.
func (p *pool[V]) grow(n int) {
	if n > cap(p.items) {
		p.items = append(make([]item[V], 0, n), p.items...)
	}
}

// table finds values by their keys, in chains by hash.
type table[V any] struct {
	pool       pool[keyed[V]]
	buckets    []index // heads of the chains
	multiplier uint64
	shift      uint // selects the bits of a product that number the buckets
}

// keyed is a value with its key.
type keyed[V any] struct {
	key   uint64
	value V
}

// newTable returns an empty table. Peers choose the keys, so the hash is chosen
// at random from a universal family (multiply and shift), which keeps the chains
// short for any keys.
func newTable[V any]() table[V] {
	return table[V]{buckets: make([]index, 2), multiplier: rand.Uint64() | 1, shift: 63}
}

// bucket returns the chain in which a key hangs.
func (t *table[V]) bucket(key uint64) *index {
	return &t.buckets[key*t.multiplier>>(t.shift&63)]
}

// find returns the value of a key, or nil. It is valid until the table grows.
func (t *table[V]) find(key uint64) *V {
	for i := *t.bucket(key); i != 0; {
		e := t.pool.at(i)
		if e.value.key == key {
			return &e.value.value
		}
		i = e.next
	}
	return nil
}

// findOrAdd returns the value of a key, and adds a zero value if there is none.
func (t *table[V]) findOrAdd(key uint64) *V {
	if v := t.find(key); v != nil {
		return v
	}
	i := t.pool.take()
	e, b := t.pool.at(i), t.bucket(key)
	e.value.key = key
	e.next, *b = *b, i
	return &e.value.value
}

// remove removes a key that has a value.
func (t *table[V]) remove(key uint64) {
	link := t.bucket(key)
	for t.pool.at(*link).value.key != key {
		link = &t.pool.at(*link).next
	}
	i := *link
	*link = t.pool.at(i).next
	t.pool.put(i)
}

// grow makes room for n values in all.
func (t *table[V]) grow(n int) {
	t.pool.grow(n)
	if n <= len(t.buckets) {
		return
	}
	old := t.buckets
	width := bits.Len(uint(n - 1))
	t.buckets, t.shift = make([]index, 1<<width), uint(64-width)
	for _, i := range old {
		for i != 0 {
			e := t.pool.at(i)
			next, b := e.next, t.bucket(e.value.key)
			e.next, *b = *b, i
			i = next
		}
	}
}
