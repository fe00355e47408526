// SPDX-License-Identifier: GPL-2.0-only

package aoe

import (
	"cmp"
	"slices"

	"golang.org/x/net/bpf"
)

// Target is an export as a socket filter sees it: its address, and who may
// address it. Without masks every source may.
type Target struct {
	Shelf uint16
	Slot  uint8
	Masks []MAC
}

// FilterLimit is the most instructions in a server's filter: as many as Linux
// takes (BPF_MAXINSNS), less those that package netio puts before them. A
// system may take fewer: Linux counts a filter, and the one that it replaces,
// against net.core.optmem_max, and FreeBSD has net.bpf.maxinsns.
const FilterLimit = 4096 - 16

// ShortestFilter is the least limit of instructions of a server's filter.
const ShortestFilter = filterHead + 1

// MaxServerFilter is the most instructions in the filter of a number of
// targets that have a number of masks in all.
func MaxServerFilter(targets, masks int) int {
	if targets == 1 {
		return MaxFilter(masks)
	}
	// A target makes two steps among the addresses, two for its slot on every
	// shelf and two for its shelf. Each step takes up to a comparison and a
	// jump; a mask list takes 4 instructions and up to 5 for each mask.
	return min(FilterLimit, 32+filterHead+targets*(6*2+1+4)+5*masks)
}

// ServerFilter is ServerFilterWithin FilterLimit.
func ServerFilter(program []bpf.RawInstruction, targets []Target) []bpf.RawInstruction {
	return ServerFilterWithin(program, targets, FilterLimit)
}

// ServerFilterWithin appends to program the socket filter of a server, of at
// most limit instructions, which is at least ShortestFilter. It passes what
// filterBegin passes, and AoE requests that address a target, itself or by
// broadcast (section 7), from a source that this target serves. It sorts
// targets. It allocates nothing if program has room for MaxServerFilter
// instructions.
//
// If the limit is too low, the filter passes more frames, never fewer, and the
// targets decide. It leaves out checks in this order: the longest mask lists,
// so that their targets get frames from every source; everything but the
// shelf; everything but that the frame is an AoE request. A broadcast to
// targets with different lists passes from the sources in all lists of the
// server.
func ServerFilterWithin(program []bpf.RawInstruction, targets []Target, limit int) []bpf.RawInstruction {
	if len(targets) == 1 {
		t := &targets[0]
		one := RequestFilter(program, t.Shelf, t.Slot, t.Masks)
		if len(one)-len(program) <= limit {
			return one
		}
	}
	slices.SortFunc(targets, func(a, b Target) int { return cmp.Compare(a.key(), b.key()) })
	limit = min(limit, FilterLimit)
	w := filterWriter{program: program, start: len(program), limit: limit}
	w.lists.collect(targets)
	for {
		w.addresses(targets)
		if w.fits() {
			return w.program
		}
		if !w.lists.dropLongest(w.size - limit) {
			break
		}
	}
	if w.shelves(targets); !w.fits() {
		w.anyRequest()
	}
	return w.program
}

// key returns a target's address as a number: shelf, then slot.
func (t *Target) key() uint32 { return uint32(t.Shelf)<<8 | uint32(t.Slot) }

// filterWriter writes a server's filter.
type filterWriter struct {
	program []bpf.RawInstruction
	start   int // of the filter in the program
	limit   int // of instructions
	size    int // what the filter needs, even where the limit cut it off
	lists   maskLists
}

// fits reports whether all of the filter was written.
func (w *filterWriter) fits() bool { return w.size <= w.limit }

// put appends an instruction, if the limit allows it.
func (w *filterWriter) put(i bpf.RawInstruction) {
	if w.size < w.limit {
		w.program = append(w.program, i)
	}
	w.size++
}

// patch sets an instruction's operand, the number of instructions it skips, so
// that it reaches what is put next.
func (w *filterWriter) patch(at int) {
	if i := w.start + at; i < len(w.program) {
		w.program[i].K = uint32(w.size - at - 1)
	}
}

// begin discards what was written and writes the beginning of a filter.
func (w *filterWriter) begin() {
	w.program, w.size = w.program[:w.start], 0
	for _, i := range filterBegin() {
		w.put(i)
	}
}

// addresses writes the filter of all addresses, with the lists that were not
// dropped.
func (w *filterWriter) addresses(targets []Target) {
	w.begin()
	w.put(load(offSlot, 1))
	w.put(jump(bpf.JumpNotEqual, uint32(EverySlot), 1))
	every := w.size
	w.put(far())
	w.put(load(offError, 4)) // and shelf and slot: the frame may end there
	w.put(and(1<<24 - 1))
	var r ranges
	r.unicast(targets, &w.lists)
	w.tree(r.steps(), actDrop)
	w.size += r.over
	w.patch(every)
	w.put(load(offShelf, 2))
	r.broadcast(targets, &w.lists)
	w.tree(r.steps(), actDrop)
	w.size += r.over
	w.checks()
}

// shelves writes the filter that looks at the shelf only.
func (w *filterWriter) shelves(targets []Target) {
	w.begin()
	w.put(load(offShelf, 2))
	var r ranges
	r.shelves(targets)
	w.tree(r.steps(), actDrop)
	w.size += r.over
}

// anyRequest writes the filter that passes every AoE request.
func (w *filterWriter) anyRequest() {
	w.begin()
	w.program = append(w.program, pass(wholeFrame))
	w.size++
}

// far is a jump that skips as many instructions as patch says later.
func far() bpf.RawInstruction {
	raw, _ := bpf.Jump{}.Assemble()
	return raw
}

// and is the instruction that keeps some bits of the loaded value.
func and(mask uint32) bpf.RawInstruction {
	raw, _ := bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: mask}.Assemble()
	return raw
}
