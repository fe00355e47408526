// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"vblade/internal/aoe"
	"vblade/internal/ata"
)

// sectorSize is ata.SectorSize.
const sectorSize = ata.SectorSize

// overlong is how many bytes more than an MTU allows still arrive.
const overlong = 4

// hazard is a difference after which the C program's state is not ours.
type hazard struct {
	number int
	ours   []byte            // our reply; nil: none
	wrong  []byte            // the C program's reply
	c      func([]byte) bool // or: reports whether a reply of the C program is what its defect makes of it
	ends   string            // or: what the C program prints when it ends instead of replying
}

// What the C program prints when it ends.
const (
	abortMessage = "*** buffer overflow detected ***: terminated"
	sendMessage  = "write to network: Message too long"
)

// expectation says which reply was not as expected.
func (h *hazard) expectation(c, ours []byte) string {
	if !bytes.Equal(ours, h.ours) {
		return " with this reply of ours:\n  " + hexOf(h.ours, firstDifference(h.ours, ours))
	}
	if h.wrong != nil {
		return " with this reply of the C program:\n  " + hexOf(h.wrong, firstDifference(h.wrong, c))
	}
	if h.c == nil {
		return fmt.Sprintf(" with the end of the C program, printing %q", h.ends)
	}
	return " with another reply, or the end, of the C program"
}

// hazard tells what a frame has in it; nil: nothing.
func (m *model) hazard(f aoe.Frame) *hazard {
	switch {
	case m.edits(f) && overlongEdit(f):
		return staleDirectives(f)
	case m.edits(f):
		return m.wrongEdit(f)
	case m.is(f, aoe.CommandConfig, aoe.ConfigLen):
		return m.configHazard(f)
	case m.reaches(f) && f.Command() > aoe.CommandReserve && len(f) > m.leg.room():
		return &hazard{number: 9, ours: refusal(f), ends: sendMessage}
	}
	return nil
}

// refusal returns our reply where the right one would be too long: a bad
// argument, and the request's own bytes (difference 9).
func refusal(f aoe.Frame) []byte {
	r := replyTo(f, aoe.MinLen)
	r.Fail(aoe.ErrArgument)
	return r
}

// overlongEdit reports whether a frame's directives go on behind its end.
func overlongEdit(f aoe.Frame) bool {
	return len(f) < aoe.MaskLen+f.MaskCount()*aoe.DirectiveLen
}

// staleDirectives is difference 5: directives behind the frame's end. What lies
// there decides what the C program does.
func staleDirectives(f aoe.Frame) *hazard {
	r := replyTo(f, aoe.MaskLen)
	r.Fail(aoe.ErrArgument)
	return &hazard{number: 5, ours: padded(r), ends: abortMessage, c: func(c []byte) bool {
		const before = aoe.MaskLen - 2 // error and count
		if len(c) < aoe.MaskLen || !bytes.Equal(c[:before], replyTo(f, before)) {
			return false
		}
		switch got := aoe.Frame(c); got.MaskError() {
		case aoe.MaskOK:
			return len(c) == aoe.MaskLen+got.MaskCount()*aoe.DirectiveLen && got.MaskCount() <= cMostMasks
		case aoe.MaskErrDirective, aoe.MaskErrFull:
			return len(c) == aoe.MaskLen && got.MaskCount() < f.MaskCount()
		}
		return false
	}}
}

// wrongEdit is an edit of the masks that the C program does otherwise than
// section 5: for its list's sake (4), for the list's size (6), or because it
// cannot send the list (9).
func (m *model) wrongEdit(f aoe.Frame) *hazard {
	right := m.edit(f)
	wrong, alive := newCList(m.masks).edit(f)
	h := &hazard{number: 4, ours: m.editReply(f, right)}
	if !alive {
		h.ends = abortMessage
		return h
	}
	same := wrong.error == right.error && wrong.at == right.at && slices.Equal(wrong.list, right.list)
	h.wrong = wrong.reply(f)
	switch {
	case len(h.wrong) > m.leg.room():
		h.wrong, h.ends = nil, sendMessage
		if same {
			h.number = 9
		}
	case same:
		return nil
	case wrong.error == aoe.MaskErrFull && !slices.Contains(m.masks, wrong.stoppedBy(f)):
		h.number = 6
	}
	return h
}

// stoppedBy returns the MAC of the directive that was wrong.
func (e edited) stoppedBy(f aoe.Frame) aoe.MAC {
	_, mac := f.Directive(e.at)
	return mac
}

// editReply returns our reply to an edit.
func (m *model) editReply(f aoe.Frame, e edited) []byte {
	r := e.reply(f)
	if len(r) > m.leg.room() {
		return refusal(f)
	}
	return padded(r)
}

// configHazard is a config frame that sets what it does not hold (7) or what no
// reply has room for (9). Where both are so, the C program takes the string and
// ends as it tells it, unless it refuses the set.
func (m *model) configHazard(f aoe.Frame) *hazard {
	op := f.ConfigOp()
	if overlongConfig(f) && (op == aoe.ConfigSet || op == aoe.ConfigForceSet) {
		h := &hazard{number: 7, c: func(c []byte) bool { return m.setsStale(f, c) }}
		if aoe.ConfigLen+f.ConfigLength() > m.leg.room() {
			h.ends = sendMessage
		}
		return h
	}
	if s, ok := m.sets(f); ok && aoe.ConfigLen+len(s) > m.leg.room() {
		return &hazard{number: 9, ours: refusal(f), ends: sendMessage}
	}
	return nil
}

// setConfig writes what every config reply says.
func (m *model) setConfig(r aoe.Frame) {
	r.SetConfigReply(m.leg.bufferCount(), uint8(m.leg.transfer()), m.config)
}

// setsStale reports whether c is the C program's reply to a set or force set of a
// string that f holds only in part: it took the string, or where it has another
// already it refused.
func (m *model) setsStale(f aoe.Frame, c []byte) bool {
	r := replyTo(f, aoe.ConfigLen+f.ConfigLength())
	held := len(f)
	refused := replyTo(f, aoe.ConfigLen+len(m.config))
	refused.Fail(aoe.ErrConfig)
	m.setConfig(refused)
	if f.ConfigOp() == aoe.ConfigSet && len(m.config) > 0 && bytes.Equal(c, refused) {
		return true
	}
	if len(c) != len(r) {
		return false
	}
	(&model{leg: m.leg, config: c[aoe.ConfigLen:]}).setConfig(r)
	return bytes.Equal(c, r) && bytes.Equal(c[aoe.ConfigLen:held], f[aoe.ConfigLen:])
}

// explains reports whether a hazard is what made the replies.
func (h *hazard) explains(c, ours []byte, ended bool, stderr string) bool {
	if !bytes.Equal(ours, h.ours) {
		return false
	}
	if c == nil {
		return ended && h.ends != "" && strings.TrimSpace(stderr) == h.ends
	}
	return h.wrong != nil && bytes.Equal(c, h.wrong) || h.c != nil && h.c(c)
}
