// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"bytes"
	"fmt"
	"slices"

	"vblade/internal/aoe"
)

// judge compares the replies to a request.
func (p *pair) judge(r request, c, ours *answers) bool {
	p.t.Helper()
	tag, ok := r.tag()
	if !ok {
		p.run.tally.coverage.add(r.frame, nil)
		return true // a reply would be one too many, for judgeRest
	}
	fromC, fromOurs := c.byTag[tag], ours.byTag[tag]
	numbers, equal := explain(r.frame, fromC, fromOurs)
	if !equal {
		return p.complain(r, fromC, fromOurs, "the replies differ")
	}
	if i := slices.IndexFunc(numbers, func(n int) bool { return !slices.Contains(quietNumbers, n) }); p.leg.quiet && i >= 0 {
		return p.complain(r, fromC, fromOurs, fmt.Sprintf("difference %d on a quiet leg", numbers[i]))
	}
	p.run.tally.add(numbers)
	if tag&tagSentinel == 0 {
		p.run.tally.coverage.add(r.frame, fromOurs)
	}
	return true
}

// judgeRest looks at what a group left: programs that ended, frames that answer
// nothing, and the sentinel, the group's last.
func (p *pair) judgeRest(group []request, c, ours *answers) bool {
	p.t.Helper()
	last := group[len(group)-1]
	tag, _ := last.tag()
	why := ""
	switch {
	case !p.ours.running():
		why = "our program ended: " + p.ours.epitaph()
	case !p.c.running():
		why = "the C program ended, which was not expected: " + p.c.epitaph()
	case ours.byTag[tag] == nil || c.byTag[tag] == nil:
		why = "no reply to the sentinel"
	case !bytes.Equal(c.byTag[tag], p.wantedSentinel(last.frame)):
		why = "both programs answer the sentinel otherwise than section 4 says"
	case ours.strays(group) != "":
		why = "from our program a frame that answers nothing just sent: " + ours.strays(group)
	case c.strays(group) != "":
		why = "from the C program a frame that answers nothing just sent: " + c.strays(group)
	default:
		return true
	}
	for _, r := range group[:len(group)-1] {
		why += fmt.Sprintf("\n  frame %d  %s", r.index, hexOf(r.frame, 0))
	}
	return p.complain(last, c.byTag[tag], ours.byTag[tag], why)
}

// wantedSentinel returns the reply to a sentinel after the frames that the model
// knows of, as the C program sends it.
func (p *pair) wantedSentinel(sentinel aoe.Frame) []byte {
	r := replyTo(sentinel, aoe.ConfigLen+len(p.model.config))
	p.model.setConfig(r)
	return r
}

// strays returns a frame that answers none of a group; of no group, where
// advertisements are in order, one that is none either.
func (a *answers) strays(group []request) string {
	if len(a.more) > 0 {
		return hexOf(a.more[0], 0)
	}
	if len(group) > 0 && len(a.advertisements) > 0 {
		return hexOf(a.advertisements[0], 0)
	}
	for tag, f := range a.byTag {
		if !slices.ContainsFunc(group, func(r request) bool { t, ok := r.tag(); return ok && t == tag }) {
			return hexOf(f, 0)
		}
	}
	return ""
}

// judgeHazard looks at what a frame with a hazard did.
func (p *pair) judgeHazard(r request, c, ours *answers, sentinel uint32) bool {
	p.t.Helper()
	tag, _ := r.tag()
	fromC, fromOurs := c.byTag[tag], ours.byTag[tag]
	ended, stderr := !p.c.running(), ""
	if ended {
		stderr = p.c.process.Stderr()
		p.countEnd()
	}
	what := fmt.Sprintf("difference %d was expected", r.hazard.number)
	switch {
	case !p.ours.running():
		return p.complain(r, fromC, fromOurs, "our program ended: "+p.ours.epitaph())
	case ours.byTag[sentinel] == nil:
		return p.complain(r, fromC, fromOurs, "our program did not answer the sentinel")
	case ended && fromC == nil && r.hazard.ends == "":
		return p.complain(r, fromC, fromOurs, what+"; the C program ended: "+p.c.epitaph())
	case !r.hazard.explains(fromC, fromOurs, ended, stderr):
		return p.complain(r, fromC, fromOurs, what+r.hazard.expectation(fromC, fromOurs))
	}
	p.run.tally.add([]int{r.hazard.number})
	p.run.tally.coverage.add(r.frame, fromOurs)
	return true
}

// countEnd counts how the C program ended.
func (p *pair) countEnd() {
	if p.c.process.State().Exited() {
		p.run.tally.exits++
	} else {
		p.run.tally.aborts++
	}
}
