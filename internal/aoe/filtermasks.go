// SPDX-License-Identifier: GPL-2.0-only

package aoe

import (
	"encoding/binary"
	"slices"

	"golang.org/x/net/bpf"
)

// Limits on the mask lists that a server's filter checks. More would not fit
// into a filter.
const (
	maxLists    = 256 // different ones
	maxListSize = 240 // masks, so that a conditional jump reaches over them
)

// toList marks a jump whose operand is still an action, in a field that such
// a jump does not use.
const toList = 1

// maskLists holds the different mask lists of the targets, in fixed memory.
type maskLists struct {
	list    [maxLists][]MAC
	sum     [maxLists]uint64 // to compare instead of most lists
	dropped [maxLists]bool
	n       int
	most    int // masks in the longest, once there is no room for another
}

// collect finds the lists.
func (l *maskLists) collect(targets []Target) {
	for i := range targets {
		m := targets[i].Masks
		if len(m) > 0 && len(m) <= maxListSize && l.find(m) < 0 {
			l.add(m)
		}
	}
}

// add adds a list. If there is no room, it replaces the longest list.
func (l *maskLists) add(masks []MAC) {
	at := l.n
	switch {
	case l.n < maxLists:
		l.n++
	case len(masks) < l.most:
		at = l.longest()
	default:
		return
	}
	l.list[at], l.sum[at] = masks, sum(masks)
	if l.n == maxLists {
		l.most = len(l.list[l.longest()])
	}
}

// longest returns the number of the longest list that is not dropped, or -1 if all
// are.
func (l *maskLists) longest() int {
	longest := -1
	for i, m := range l.list[:l.n] {
		if !l.dropped[i] && (longest < 0 || len(m) > len(l.list[longest])) {
			longest = i
		}
	}
	return longest
}

// find returns a list's number, or -1 if it has none.
func (l *maskLists) find(masks []MAC) int {
	for i, s := 0, sum(masks); i < l.n; i++ {
		if l.sum[i] == s && slices.Equal(l.list[i], masks) {
			return i
		}
	}
	return -1
}

// sum returns a hash of a list.
func sum(masks []MAC) uint64 {
	const prime = 1<<40 + 1<<8 + 0xb3 // of the hash FNV-1a
	s := uint64(len(masks))
	for i := range masks {
		m := &masks[i]
		s = (s ^ uint64(head(m))<<32 ^ uint64(tail(m))) * prime
	}
	return s
}

// action returns the action for masks: to pass every frame if the masks are
// not checked.
func (l *maskLists) action(masks []MAC) action {
	if len(masks) > 0 {
		if i := l.find(masks); i >= 0 && !l.dropped[i] {
			return actFirst + action(i)
		}
	}
	return actPass
}

// dropLongest drops the longest lists, at least one, until their checks make
// up so many instructions. It returns false if no list is left.
func (l *maskLists) dropLongest(size int) bool {
	some := false
	for size > 0 {
		longest := l.longest()
		if longest < 0 {
			break
		}
		l.dropped[longest], some = true, true
		size -= listSize(l.list[longest])
	}
	return some
}

// checks writes the checks of the lists, one after the other, and the jumps to
// them. X says what happens to a frame whose source is not in a list: it is
// dropped, or goes on to the next list if any list may pass it.
func (w *filterWriter) checks() {
	if w.lists.longest() < 0 {
		return
	}
	var at [int(actFirst) + maxLists]int // where an action's check begins
	at[actAny] = w.size
	w.put(loadX(1))
	for i, m := range w.lists.list[:w.lists.n] {
		at[int(actFirst)+i] = w.size
		if !w.lists.dropped[i] {
			w.check(m)
		}
	}
	w.put(pass(0))
	for i := range w.program[w.start:] {
		if p := &w.program[w.start+i]; p.Op == far().Op && p.Jt == toList {
			p.Jt, p.K = 0, uint32(at[p.K]-i-1)
		}
	}
}

// listSize returns the number of instructions of a list's check.
func listSize(masks []MAC) int {
	n := 4 + len(masks)
	for i := range masks {
		if newHead(masks, i) {
			n += 4
		}
	}
	return n
}

// head returns the first two bytes of an address, by which masks are grouped:
// most belong to few vendors.
func head(m *MAC) uint16 { return binary.BigEndian.Uint16(m[:]) }

// tail returns its other four bytes.
func tail(m *MAC) uint32 { return binary.BigEndian.Uint32(m[2:]) }

// newHead reports whether the i-th mask is the first one with its head.
func newHead(masks []MAC, i int) bool {
	return !slices.ContainsFunc(masks[:i], func(m MAC) bool { return head(&m) == head(&masks[i]) })
}

// check writes the check of a list: a source in it passes; another goes on if
// X is 1 and is dropped otherwise.
func (w *filterWriter) check(masks []MAC) {
	end := w.size + listSize(masks) - 3
	w.put(load(offSrc, 2))
	for i := range masks {
		if newHead(masks, i) {
			w.group(masks[i:], end)
		}
	}
	w.put(copyX())
	w.put(jump(bpf.JumpEqual, 1, 1))
	w.put(pass(0))
}

// group writes the check of the masks that share the first one's head. A
// source with that head that is none of them goes on at end.
func (w *filterWriter) group(masks []MAC, end int) {
	n := 0
	for i := range masks {
		if head(&masks[i]) == head(&masks[0]) {
			n++
		}
	}
	w.put(jump(bpf.JumpNotEqual, uint32(head(&masks[0])), uint8(n+3)))
	w.put(load(offSrc+2, 4))
	for i := range masks {
		if head(&masks[i]) == head(&masks[0]) {
			w.put(jump(bpf.JumpEqual, tail(&masks[i]), uint8(n)))
			n--
		}
	}
	out := far()
	out.K = uint32(end - w.size - 1)
	w.put(out)
	w.put(pass(wholeFrame))
}

// loadX is the instruction that sets X.
func loadX(v uint32) bpf.RawInstruction {
	raw, _ := bpf.LoadConstant{Dst: bpf.RegX, Val: v}.Assemble()
	return raw
}

// copyX is the instruction that loads X.
func copyX() bpf.RawInstruction {
	raw, _ := bpf.TXA{}.Assemble()
	return raw
}
