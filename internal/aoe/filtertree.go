// SPDX-License-Identifier: GPL-2.0-only

package aoe

import "golang.org/x/net/bpf"

// clusterSteps is the most steps in a cluster. With an action for each of
// them, a cluster still fits into the 255 instructions that a conditional
// jump can skip.
const clusterSteps = 127

// tree writes the search for the loaded value among steps; values below the
// first step have the given action. A conditional jump does not reach beyond
// a cluster, so above the clusters each right branch begins with a far jump.
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

// cluster writes a search that ends in a row of actions, one for all the
// ranges that share it.
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

// act returns the place of an action in the row, and adds it if it is not
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

// search writes the nodes of a tree: each compares, and is followed by its
// left branch and then its right one.
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

// act writes what an action does. The jump to the check of a list is
// completed by checks.
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

// branch is the instruction that skips one number of instructions if the
// loaded value is at least from, and another number if it is less.
func branch(from uint32, atLeast, less uint8) bpf.RawInstruction {
	raw, _ := bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: from, SkipTrue: atLeast, SkipFalse: less}.Assemble()
	return raw
}
