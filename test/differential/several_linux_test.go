// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"vblade/internal/aoe"
)

// address is an export's.
type address struct {
	shelf uint16
	slot  uint8
}

// String returns the address as initiators write it.
func (a address) String() string { return fmt.Sprintf("e%d.%d", a.shelf, a.slot) }

// reached reports whether a frame is for the export.
func (a address) reached(f aoe.Frame) bool {
	return len(f) >= aoe.HeaderLen && (f.Shelf() == a.shelf || f.Shelf() == aoe.EveryShelf) &&
		(f.Slot() == a.slot || f.Slot() == aoe.EverySlot)
}

// addresses are ten exports on two shelves: a broadcast may mean all of them, a
// shelf, or a slot of each.
var addresses = []address{{9, 0}, {9, 1}, {9, 2}, {9, 3}, {9, 254}, {700, 0}, {700, 1}, {700, 2}, {700, 7}, {700, 254}}

// severalLeg is the leg of every export.
var severalLeg = leg{name: "several", mtu: 1500, sectors: fileSectors, quiet: true}

// severalShare is the part of a run's frames that TestSeveral sends, in percent,
// in each of its two forms.
const severalShare = 15

// severalTries is how many fleets set out, each but the first because this machine stood
// still, and ours dropped frames that were too old then.
const severalTries = 20

// TestSeveral sends frames for ten exports on one interface, broadcasts included,
// to ten C processes, and to ours: as ten processes, and as one server. Each export
// answers for itself, in any order.
func TestSeveral(t *testing.T) {
	r := newRun(t)
	for _, oneServer := range []bool{false, true} {
		t.Run(map[bool]string{false: "ten processes", true: "one server"}[oneServer], func(t *testing.T) {
			left := r.frames * severalShare / 100
			for try := 1; left > 0 && !t.Failed() && try <= severalTries; try++ {
				t.Run(fmt.Sprint("fleet ", try), func(t *testing.T) { left = newFleet(t, r, oneServer).sail(left) })
			}
			if left > 0 && !t.Failed() {
				t.Errorf("this machine stood still %d times", severalTries)
			}
		})
	}
	t.Log(r.tally)
}

// fleet is ten exports of both programs, in the same state.
type fleet struct {
	t       *testing.T
	run     *run
	c, ours *side
	models  map[address]*model
	files   map[string][]string // by program, in the order of addresses
	g       *generator
}

// newFleet starts ten exports of both programs.
func newFleet(t *testing.T, r *run, oneServer bool) *fleet {
	t.Helper()
	f := &fleet{t: t, run: r, models: map[address]*model{}, files: map[string][]string{}}
	f.c = newSide(t, r.host, "c", r.c, severalLeg, "")
	f.ours = newSide(t, r.host, "o", r.ours, severalLeg, "")
	for _, a := range addresses {
		f.models[a] = newModel(severalLeg)
	}
	f.g = &generator{rng: severalLeg.source(r.seed), model: f.models[addresses[0]]}
	f.start(f.c, func(args ...string) { r.host.StartVblade(t, r.c, args...) })
	add := func(args ...string) { r.host.StartVblade(t, r.ours, args...) }
	if oneServer {
		server := r.host.StartServer(t, r.ours)
		add = func(args ...string) {
			_, err := server.Add(args...)
			must(t, err)
		}
	}
	f.start(f.ours, add)
	f.compareAdvertisements()
	return f
}

// start starts every export of a side.
func (f *fleet) start(s *side, start func(args ...string)) {
	f.t.Helper()
	dir := f.t.TempDir()
	for i, a := range addresses {
		file := filepath.Join(dir, fmt.Sprint(i))
		must(f.t, os.WriteFile(file, pattern(), 0o600))
		f.files[s.path] = append(f.files[s.path], file)
		start(fmt.Sprint(a.shelf), fmt.Sprint(a.slot), s.netif(), file)
	}
}

// netif is the interface that a side's program serves on.
func (s *side) netif() string { return s.args[len(s.args)-2] }

// compareAdvertisements compares what the exports sent at start.
func (f *fleet) compareAdvertisements() {
	f.t.Helper()
	c, ours := newChorus(), newChorus()
	c.gather(f.c, func() bool { return c.holds(0) })
	ours.gather(f.ours, func() bool { return ours.holds(0) })
	for _, a := range addresses {
		k := key{0, a}
		if _, equal := explain(nil, c.byKey[k], ours.byKey[k]); !equal || c.byKey[k] == nil {
			f.t.Fatalf("%v advertises\nC    %s\nours %s", a, hexOf(c.byKey[k], 0), hexOf(ours.byKey[k], 0))
		}
	}
}

// sail sends so many frames, in groups, and compares what comes back, and the files. If
// this machine stands still it ends, and returns how many are left.
func (f *fleet) sail(left int) int {
	f.t.Helper()
	complaints := 0
	for left > 0 && complaints < mostComplaints {
		group := f.group(min(left, mostInGroup))
		began := time.Now()
		judge := f.try(group)
		if f.run.clock.Stopped(began) {
			f.run.tally.discarded++
			return left
		}
		left -= len(group)
		f.run.tally.frames += len(group)
		if !judge() {
			complaints++
		}
	}
	for i, a := range addresses {
		c, err := os.ReadFile(f.files[f.c.path][i])
		must(f.t, err)
		ours, err := os.ReadFile(f.files[f.ours.path][i])
		must(f.t, err)
		if !bytes.Equal(c, ours) {
			f.t.Errorf("%v: the files differ from byte %d on", a, firstDifference(c, ours))
		}
	}
	return 0
}

// group returns at most n frames to send together. One that changes the masks of
// an export is the last.
func (f *fleet) group(n int) []aoe.Frame {
	var group []aoe.Frame
	for admits := false; len(group) < n && !admits; {
		fr := f.draw()
		for _, a := range addresses {
			if m := f.models[a]; a.reached(fr) {
				masks := m.masks
				m.apply(f.own(fr))
				admits = admits || !slices.Equal(masks, m.masks)
			}
		}
		group = append(group, fr)
	}
	return group
}

// own returns a frame as if it were for the export that models know.
func (f *fleet) own(fr aoe.Frame) aoe.Frame {
	own := slices.Clone(fr)
	own.SetTarget(shelf, slot)
	return own
}

// draw draws a frame that provokes no defect of the C program.
func (f *fleet) draw() aoe.Frame {
	f.g.index++
	for {
		at := oneOf(f.g, addresses...)
		f.g.model = f.models[at]
		fr := f.g.draw()
		if len(fr) < aoe.HeaderLen {
			continue
		}
		toTarget(fr)
		switch n := f.g.rng.IntN(100); {
		case n < 55:
			fr.SetTarget(at.shelf, at.slot)
		case n < 70:
			fr.SetTarget(aoe.EveryShelf, aoe.EverySlot)
		case n < 80:
			fr.SetTarget(at.shelf, aoe.EverySlot)
		case n < 90:
			fr.SetTarget(aoe.EveryShelf, at.slot)
		}
		fr.SetTag(tagOf(f.g.index))
		if f.harmless(fr) {
			return fr
		}
	}
}

// harmless reports whether a frame is a hazard to no export.
func (f *fleet) harmless(fr aoe.Frame) bool {
	return !provokes(fr) && !slices.ContainsFunc(addresses, func(a address) bool {
		return a.reached(fr) && f.models[a].hazard(f.own(fr)) != nil
	})
}

// sentinels returns a frame for every export that is always answered.
func (f *fleet) sentinels() [][]byte {
	var frames [][]byte
	for _, a := range addresses {
		f.g.model = f.models[a]
		s := f.g.sentinel(f.g.index)
		s.SetTarget(a.shelf, a.slot)
		frames = append(frames, s)
	}
	return frames
}

// try sends a group and the sentinels to both programs, and returns what judges the
// answers. Ours gets the sentinels when it has answered all that the C program did.
func (f *fleet) try(group []aoe.Frame) (judge func() bool) {
	f.t.Helper()
	var frames [][]byte
	for _, fr := range group {
		frames = append(frames, fr)
	}
	sentinels := f.sentinels()
	tag := aoe.Frame(sentinels[0]).Tag()
	c, ours := newChorus(), newChorus()
	f.send(f.c, append(slices.Clone(frames), sentinels...))
	c.gather(f.c, func() bool { return c.holds(tag) })
	f.send(f.ours, frames)
	ours.gather(f.ours, func() bool {
		for k := range c.byKey {
			if k.tag != tag && ours.byKey[k] == nil {
				return false
			}
		}
		return true
	})
	f.send(f.ours, sentinels)
	ours.gather(f.ours, func() bool { return ours.holds(tag) })
	return func() bool {
		f.t.Helper()
		return f.judge(group, sentinels, c, ours)
	}
}

// send sends frames to a side.
func (f *fleet) send(s *side, frames [][]byte) {
	f.t.Helper()
	if n, err := s.link.Send(frames); n < len(frames) || err != nil {
		f.t.Fatalf("of %d frames %d could be sent to %s, error %v", len(frames), n, s.path, err)
	}
}
