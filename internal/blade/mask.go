// SPDX-License-Identifier: GPL-2.0-only

package blade

import "vblade/internal/aoe"

// acceptMask answers a MAC mask command (section 5). Once a reply that tells of
// the list is sent, no write that the list shuts out takes effect any more.
func (b *Blade) acceptMask(r *Request) {
	f := r.Frame
	r.Settles = true
	switch f.MaskOp() {
	case aoe.MaskRead:
		b.answerMasks(r)
	case aoe.MaskEdit:
		if !f.HoldsDirectives() {
			r.fail(aoe.ErrArgument)
			r.answer(aoe.MaskLen)
			return
		}
		before := b.masks
		b.editMasks(r)
		if !b.masks.equals(&before) {
			r.Changed = ChangedMasks
		}
	default:
		r.fail(aoe.ErrArgument)
		r.answer(aoe.MaskLen)
	}
}

// editMasks applies a frame's directives up to the first that is wrong.
func (b *Blade) editMasks(r *Request) {
	f := r.Frame
	before := b.masks
	for i := range f.MaskCount() {
		if e := b.editMask(f.Directive(i)); e != aoe.MaskOK {
			f.SetMaskResult(e, i)
			r.answer(aoe.MaskLen)
			return
		}
	}
	if aoe.MaskLen+b.masks.n*aoe.DirectiveLen > r.room {
		b.masks = before
		r.refuse()
		return
	}
	b.answerMasks(r)
}

// editMask applies one directive.
func (b *Blade) editMask(op aoe.DirectiveOp, m aoe.MAC) aoe.MaskError {
	switch op {
	case aoe.DirectiveNone:
	case aoe.DirectiveAdd:
		if b.masks.has(m) {
			break
		}
		if b.masks.n == MaxMasks {
			return aoe.MaskErrFull
		}
		b.masks.add(m)
	case aoe.DirectiveDelete:
		b.masks.remove(m)
	default:
		return aoe.MaskErrDirective
	}
	return aoe.MaskOK
}

// answerMasks answers with the list.
func (b *Blade) answerMasks(r *Request) {
	n := aoe.MaskLen + b.masks.n*aoe.DirectiveLen
	if n > r.room {
		r.refuse()
		return
	}
	f := aoe.Frame(r.Buf)
	f.SetMaskResult(aoe.MaskOK, b.masks.n)
	for i, m := range b.masks.all() {
		f.SetDirective(i, aoe.DirectiveNone, m)
	}
	r.answer(n)
}
