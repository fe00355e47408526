// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"bytes"
	"slices"

	"vblade/internal/aoe"
)

// mostMasks is the most MACs that our mask list holds (difference 6).
const mostMasks = 128

// model is the state of a blade as far as frames must be chosen by it.
type model struct {
	leg    leg
	masks  []aoe.MAC
	config []byte
}

// newModel returns the state of a blade at start.
func newModel(l leg) *model {
	m := &model{leg: l}
	m.reset()
	return m
}

// reset returns to the state at start.
func (m *model) reset() {
	m.masks = m.leg.listed()
	m.config = nil
}

// reaches reports whether a blade takes notice of a frame (section 1).
func (m *model) reaches(f aoe.Frame) bool {
	return len(f) >= aoe.HeaderLen && f.EtherType() == aoe.EtherType && !f.Has(aoe.FlagResponse) &&
		(f.Shelf() == shelf || f.Shelf() == aoe.EveryShelf) &&
		(f.Slot() == slot || f.Slot() == aoe.EverySlot) &&
		(len(m.masks) == 0 || slices.Contains(m.masks, f.Src()))
}

// is reports whether a frame reaches the blade as a command of at least n bytes.
func (m *model) is(f aoe.Frame, c aoe.Command, n int) bool {
	return m.reaches(f) && f.Command() == c && len(f) >= n
}

// edits reports whether a frame edits the masks.
func (m *model) edits(f aoe.Frame) bool {
	return m.is(f, aoe.CommandMask, aoe.MaskLen) && f.MaskOp() == aoe.MaskEdit
}

// sets reports whether a frame sets the config string, and to what (section 4).
func (m *model) sets(f aoe.Frame) (s []byte, ok bool) {
	if !m.is(f, aoe.CommandConfig, aoe.ConfigLen) {
		return nil, false
	}
	n := f.ConfigLength()
	if n > aoe.MaxConfigString || n > len(f)-aoe.ConfigLen {
		return nil, false
	}
	s = f[aoe.ConfigLen:][:n]
	free := len(m.config) == 0 || bytes.Equal(m.config, s)
	return s, f.ConfigOp() == aoe.ConfigForceSet || f.ConfigOp() == aoe.ConfigSet && free
}

// apply changes the state as a frame does.
func (m *model) apply(f aoe.Frame) {
	if s, ok := m.sets(f); ok && aoe.ConfigLen+len(s) <= m.leg.room() {
		m.config = bytes.Clone(s)
	}
	if m.edits(f) && !overlongEdit(f) {
		if e := m.edit(f); len(e.reply(f)) <= m.leg.room() {
			m.masks = e.list
		}
	}
}

// edited is what an edit of the masks comes to (section 5).
type edited struct {
	list  []aoe.MAC     // afterwards
	error aoe.MaskError // of the first directive that was wrong
	at    int           // its index
}

// edit applies a frame's directives to the masks.
func (m *model) edit(f aoe.Frame) edited {
	list := slices.Clone(m.masks)
	for i := range f.MaskCount() {
		op, mac := f.Directive(i)
		at := slices.Index(list, mac)
		switch {
		case op > aoe.DirectiveDelete:
			return edited{list, aoe.MaskErrDirective, i}
		case op == aoe.DirectiveAdd && at < 0 && len(list) == mostMasks:
			return edited{list, aoe.MaskErrFull, i}
		case op == aoe.DirectiveAdd && at < 0:
			list = append(list, mac)
		case op == aoe.DirectiveDelete && at >= 0:
			list = slices.Delete(list, at, at+1)
		}
	}
	return edited{list: list}
}

// reply returns the reply that tells the outcome, before padding.
func (e edited) reply(f aoe.Frame) aoe.Frame {
	if e.error != aoe.MaskOK {
		r := replyTo(f, aoe.MaskLen)
		r.SetMaskResult(e.error, e.at)
		return r
	}
	return maskReply(f, e.list)
}

// maskReply returns a reply with a list of masks, before padding.
func maskReply(f aoe.Frame, list []aoe.MAC) aoe.Frame {
	r := replyTo(f, aoe.MaskLen+len(list)*aoe.DirectiveLen)
	r.SetMaskResult(aoe.MaskOK, len(list))
	for i, m := range list {
		r.SetDirective(i, aoe.DirectiveNone, m)
	}
	return r
}

// replyTo returns a frame of n bytes that begins as every reply to f does
// (section 1): f's own bytes, then zeros.
func replyTo(f aoe.Frame, n int) aoe.Frame {
	r := make(aoe.Frame, n)
	copy(r, f)
	r.SetDst(f.Src())
	r.SetSrc(target)
	r.SetTarget(shelf, slot)
	r.Set(aoe.FlagResponse)
	return r
}

// padded returns a frame padded with zeros to Ethernet's minimum.
func padded(f []byte) []byte {
	if len(f) >= aoe.MinLen {
		return f
	}
	return append(slices.Clone(f), make([]byte, aoe.MinLen-len(f))...)
}
