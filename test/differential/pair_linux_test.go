// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
)

// pair is both programs, in the same state.
type pair struct {
	t          *testing.T
	run        *run
	leg        leg
	c, ours    *side
	model      *model // what state that is
	began      int    // index of the first frame that they got
	next       int    // index of the next frame
	complaints int
}

// newPair starts both programs of a leg.
func newPair(t *testing.T, r *run, l leg) *pair {
	t.Helper()
	p := &pair{t: t, run: r, leg: l, model: newModel(l), next: 1}
	dir := t.TempDir()
	p.c = newSide(t, r.host, "c", r.c, l, filepath.Join(dir, "c"))
	p.ours = newSide(t, r.host, "o", r.ours, l, filepath.Join(dir, "ours"))
	for _, s := range []*side{p.c, p.ours} {
		must(t, os.WriteFile(s.file, pattern(), 0o600))
		t.Cleanup(func() { s.stop(syscall.SIGKILL) })
	}
	p.start()
	return p
}

// partSector is what the file has behind its last whole sector, in bytes.
const partSector = 100

// pattern returns the exported file as it is at first: every sector differs
// from its neighbours.
func pattern() []byte {
	b := make([]byte, fileSectors*sectorSize+partSector)
	for i := range b {
		b[i] = byte(i*i>>9 + i)
	}
	return b
}

// start starts both programs and compares their advertisements.
func (p *pair) start() {
	p.t.Helper()
	p.began = p.next
	must(p.t, p.c.start())
	must(p.t, p.ours.start())
	want := max(1, p.leg.masks)
	advertised := func(a *answers) bool { return len(a.advertisements) >= want }
	c, ours := newAnswers(), newAnswers()
	p.c.collect(c, advertised)
	p.ours.collect(ours, advertised)
	if !advertised(c) || !advertised(ours) {
		p.t.Fatalf("%d advertisements from the C program, which runs: %t, and %d from ours, which runs: %t; want %d of each",
			len(c.advertisements), p.c.running(), len(ours.advertisements), p.ours.running(), want)
	}
	p.compareAdvertisements(c.advertisements, ours.advertisements)
	if late := ours.strays(nil); late != "" {
		p.t.Errorf("our program's predecessor answered what it should not have: %s", late)
	}
}

// compareAdvertisements compares what the programs sent at start.
func (p *pair) compareAdvertisements(c, ours [][]byte) {
	p.t.Helper()
	for i := range c {
		numbers, equal := explain(nil, c[i], ours[i])
		if !equal {
			p.t.Errorf("advertisement %d differs\nC    %s\nours %s", i, hexOf(c[i], 0), hexOf(ours[i], 0))
			return
		}
		p.run.tally.add(numbers)
	}
}

// fresh starts both programs again, after comparing what they left behind.
func (p *pair) fresh() {
	p.t.Helper()
	p.stop()
	p.again()
}

// discard starts both programs again, whatever they left behind.
func (p *pair) discard() {
	p.t.Helper()
	p.run.tally.discarded++
	if !p.ours.running() {
		p.t.Errorf("our program ended: %s", p.ours.epitaph())
	}
	p.c.stop(syscall.SIGKILL)
	p.ours.stop(syscall.SIGKILL)
	c, err := os.ReadFile(p.c.file)
	must(p.t, err)
	must(p.t, os.WriteFile(p.ours.file, c, 0o600))
	for _, s := range []*side{p.c, p.ours} {
		s.collect(newAnswers(), func(*answers) bool { return false }) // what was on its way
	}
	p.again()
}

// again starts both programs again.
func (p *pair) again() {
	p.t.Helper()
	p.model.reset()
	p.run.tally.fresh++
	p.start()
}

// stop ends both programs and compares their files.
func (p *pair) stop() {
	p.t.Helper()
	p.c.stop(syscall.SIGKILL)
	if !p.ours.running() {
		p.t.Errorf("our program ended: %s", p.ours.epitaph())
	} else if state, err := p.ours.stop(syscall.SIGTERM); err != nil || !state.Success() {
		p.t.Errorf("our program did not end well: %v %s", err, p.ours.epitaph())
	}
	p.compareFiles()
}

// end ends the leg.
func (p *pair) end() {
	p.t.Helper()
	p.stop()
	rest := newAnswers()
	p.ours.collect(rest, func(*answers) bool { return false })
	if late := rest.strays(nil); late != "" {
		p.t.Errorf("our program answered what it should not have: %s", late)
	}
	if p.complaints == mostComplaints {
		p.t.Logf("the leg ends after %d complaints", p.complaints)
	}
}

// compareFiles compares the exported files.
func (p *pair) compareFiles() {
	p.t.Helper()
	c, err := os.ReadFile(p.c.file)
	must(p.t, err)
	ours, err := os.ReadFile(p.ours.file)
	must(p.t, err)
	if bytes.Equal(c, ours) {
		return
	}
	at := firstDifference(c, ours)
	p.t.Errorf("the files differ from byte %d on (sector %d), by frames %d to %d; %s", at, at/sectorSize, p.began, p.next-1, p.replay())
	must(p.t, os.WriteFile(p.ours.file, c, 0o600)) // so that every fault is told once
}

// try sends a group to both programs and compares what comes back. A frame with
// a hazard comes alone, and the pair is not used again. If this machine stood still
// meanwhile, nothing is compared: ours drops frames that are too old then.
func (p *pair) try(group []request, sentinel aoe.Frame) {
	p.t.Helper()
	p.next = group[len(group)-1].index + 1
	began := time.Now()
	exchange := p.tryGroup
	if group[0].hazard != nil {
		exchange = p.tryHazard
	}
	judge := exchange(group, sentinel)
	if p.run.clock.Stopped(began) {
		p.discard()
		return
	}
	p.run.tally.frames += len(group)
	good := judge()
	if !good {
		p.complaints++
	}
	if !good || group[0].hazard != nil {
		p.fresh()
	}
}

// tryGroup sends a group without hazards, and returns what judges the answers.
func (p *pair) tryGroup(group []request, sentinel aoe.Frame) (judge func() bool) {
	p.t.Helper()
	c, ours := newAnswers(), newAnswers()
	p.sendOurs(group, sentinel, ours)
	group = append(group, request{index: group[len(group)-1].index, frame: sentinel})
	p.send(p.c, framesOf(group))
	last := sentinel.Tag()
	p.c.collect(c, func(a *answers) bool { return a.byTag[last] != nil })
	p.ours.collect(ours, func(a *answers) bool { return a.byTag[last] != nil && a.cover(group, c) })
	return func() bool {
		p.t.Helper()
		good := true
		for _, r := range group {
			good = p.judge(r, c, ours) && good
		}
		return p.judgeRest(group, c, ours) && good
	}
}

// cover reports whether a, our answers, holds every reply that c does, but for
// those that only the C program sends, and those that only we do. What a disk or
// its place in the order keeps waiting we may answer after the sentinel.
func (a *answers) cover(group []request, c *answers) bool {
	for _, r := range group {
		tag, ok := r.tag()
		due := r.ours || c.byTag[tag] != nil && !overlongConfig(r.frame)
		if ok && due && a.byTag[tag] == nil {
			return false
		}
	}
	return true
}

// framesOf returns a group's frames as a link takes them.
func framesOf(group []request) [][]byte {
	frames := make([][]byte, len(group))
	for i, r := range group {
		frames[i] = r.frame
	}
	return frames
}

// send sends frames to a program.
func (p *pair) send(s *side, frames [][]byte) {
	p.t.Helper()
	if n, err := s.link.Send(frames); n < len(frames) || err != nil {
		p.t.Fatalf("of %d frames %d could be sent to %s, error %v", len(frames), n, s.path, err)
	}
}

// sendOurs sends a group and the sentinel to our program. Whom an edit of the
// masks admits we need not answer before the edit is (difference 14).
func (p *pair) sendOurs(group []request, sentinel aoe.Frame, got *answers) {
	p.t.Helper()
	last := group[len(group)-1]
	if !last.admits {
		p.send(p.ours, append(framesOf(group), sentinel))
		return
	}
	p.send(p.ours, framesOf(group))
	tag, _ := last.tag()
	p.ours.collect(got, func(a *answers) bool { return a.byTag[tag] != nil })
	p.send(p.ours, [][]byte{sentinel})
}

// tryHazard sends a frame that may leave the C program in another state than
// ours, or dead. It gets no sentinel: it answers or ends. It returns what judges the
// answers.
func (p *pair) tryHazard(group []request, sentinel aoe.Frame) (judge func() bool) {
	p.t.Helper()
	r := group[0]
	c, ours := newAnswers(), newAnswers()
	p.sendOurs(group, sentinel, ours)
	p.send(p.c, [][]byte{r.frame})
	tag, _ := r.tag()
	p.c.collect(c, func(a *answers) bool { return a.byTag[tag] != nil })
	p.ours.collect(ours, func(a *answers) bool {
		return a.byTag[sentinel.Tag()] != nil && (r.hazard.ours == nil || a.byTag[tag] != nil)
	})
	return func() bool {
		p.t.Helper()
		return p.judgeHazard(r, c, ours, sentinel.Tag())
	}
}
