// SPDX-License-Identifier: GPL-2.0-only

package aoe

// action is what a filter does with a frame, by its address.
type action int16

// The actions. Those from actFirst are the lists of masks, by number.
const (
	actDrop  action = iota
	actPass         // from everybody
	actAny          // from the sources in any list
	actFirst        // from the sources in the first list
)

// or returns the action for a frame that is addressed to targets of both
// actions.
func (a action) or(b action) action {
	switch {
	case a == b || b == actDrop:
		return a
	case a == actDrop:
		return b
	case a == actPass || b == actPass:
		return actPass
	}
	return actAny
}

// step begins a range of addresses with the same action; it ends where the
// next one begins.
type step struct {
	from   uint32
	action action
}

// ranges is what a search tree is made from: an action for each address, as
// steps in ascending order. Addresses that no step covers are dropped. Its
// memory is fixed, so it can be a local variable; a filter with more steps
// would have too many instructions anyway.
type ranges struct {
	list [FilterLimit]step
	n    int
	over int // steps that had no room
}

// steps returns the steps.
func (r *ranges) steps() []step { return r.list[:r.n] }

// add sets the action of the addresses from one up to but not including
// another. They are not lower than those of the steps before.
func (r *ranges) add(from, to uint32, a action) {
	if a == actDrop {
		return
	}
	if r.n+2 > len(r.list) {
		r.over += 2
		return
	}
	if r.n > 0 && r.list[r.n-1].from == from {
		r.n-- // what is behind the range before
	}
	if r.n == 0 || r.list[r.n-1].action != a {
		r.append(step{from, a})
	}
	r.append(step{to, actDrop})
}

// append appends a step. There must be room for it.
func (r *ranges) append(s step) {
	r.list[r.n] = s
	r.n++
}

// unicast makes the ranges of addresses for frames to one slot, on one shelf
// or on every shelf. The targets are sorted.
func (r *ranges) unicast(targets []Target, lists *maskLists) {
	r.n, r.over = 0, 0
	var slots [EverySlot]action // on every shelf
	for i := 0; i < len(targets); {
		key, slot := targets[i].key(), targets[i].Slot
		var a action
		for ; i < len(targets) && targets[i].key() == key; i++ {
			a = a.or(lists.action(targets[i].Masks))
		}
		if slot == EverySlot {
			continue
		}
		slots[slot] = slots[slot].or(a)
		if key>>8 < uint32(EveryShelf) {
			r.add(key, key+1, a)
		}
	}
	for slot, a := range slots {
		key := uint32(EveryShelf)<<8 | uint32(slot)
		r.add(key, key+1, a)
	}
}

// broadcast makes the ranges of shelves for frames to every slot, on one shelf or
// on every shelf. The targets are sorted.
func (r *ranges) broadcast(targets []Target, lists *maskLists) {
	r.byShelf(targets, func(t *Target) action { return lists.action(t.Masks) })
}

// shelves makes the ranges of shelves, for frames from any source. The
// targets are sorted.
func (r *ranges) shelves(targets []Target) {
	r.byShelf(targets, func(*Target) action { return actPass })
}

// byShelf makes the ranges of shelves, from the actions of their targets.
func (r *ranges) byShelf(targets []Target, of func(*Target) action) {
	r.n, r.over = 0, 0
	var all action
	for i := 0; i < len(targets); {
		shelf := targets[i].Shelf
		var a action
		for ; i < len(targets) && targets[i].Shelf == shelf; i++ {
			a = a.or(of(&targets[i]))
		}
		all = all.or(a)
		if shelf < EveryShelf {
			r.add(uint32(shelf), uint32(shelf)+1, a)
		}
	}
	r.add(uint32(EveryShelf), uint32(EveryShelf)+1, all)
}
