// SPDX-License-Identifier: GPL-2.0-only

package aoe

import "golang.org/x/net/bpf"

// clusterSteps is the most steps of a cluster: with an action for each range,
// all of it is within the reach of a conditional jump, 255 instructions.
const clusterSteps = 127

// tree writes the search of what was loaded among steps; below the first of
// them the action is another. A conditional jump reaches a cluster only, so
// above the clusters each right branch begins with a far jump.
func (w *filterWriter) tree(steps []step, below action) {
	if len(steps) <= clusterSteps {
		w.cluster(steps, below)
		return
	}
	mid := len(steps) / 2
	w.put(branch(steps[mid].from, 0, 1))
	right := w.size
	w.put(far())
	w.tree(steps[:mid], below)
	w.patch(right)
	w.tree(steps[mid+1:], steps[mid].action)
}

// cluster writes a search whose end is a row of actions, each of which serves
// all ranges that have it.
func (w *filterWriter) cluster(steps []step, below action) {
	c := cluster{w: w, first: w.size, nodes: len(steps)}
	c.act(below)
	for _, s := range steps {
		c.act(s.action)
	}
	c.search(steps, below)
	for _, a := range c.acts[:c.n] {
		w.act(a)
	}
}

// cluster is a cluster that is being written.
type cluster struct {
	w     *filterWriter
	first int // its first instruction
	nodes int
	acts  [clusterSteps + 1]action
	n     int // actions
}

// act returns the place of an action in the row, where it is put if it is not
// there.
func (c *cluster) act(a action) int {
	for i, b := range c.acts[:c.n] {
		if a == b {
			return i
		}
	}
	c.acts[c.n] = a
	c.n++
	return c.n - 1
}

// search writes the nodes of a tree: each compares and has its left branch
// behind it, and behind that the right one.
func (c *cluster) search(steps []step, below action) {
	if len(steps) == 0 {
		return
	}
	mid := len(steps) / 2
	s, here := steps[mid], c.w.size-c.first
	left, right := 0, mid
	if mid == 0 {
		left = c.nodes + c.act(below) - here - 1
	}
	if mid+1 == len(steps) {
		right = c.nodes + c.act(s.action) - here - 1
	}
	c.w.put(branch(s.from, uint8(right), uint8(left)))
	c.search(steps[:mid], below)
	c.search(steps[mid+1:], s.action)
}

// act writes what an action does. Where a list is to be asked, checks puts in
// the way to it.
func (w *filterWriter) act(a action) {
	switch a {
	case actDrop:
		w.put(pass(0))
	case actPass:
		w.put(pass(wholeFrame))
	default:
		i := far()
		i.Jt, i.K = toList, uint32(a)
		w.put(i)
	}
}

// branch is the instruction that skips some where what was loaded is at least
// from, and others where it is less.
func branch(from uint32, atLeast, less uint8) bpf.RawInstruction {
	raw, _ := bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: from, SkipTrue: atLeast, SkipFalse: less}.Assemble()
	return raw
}
