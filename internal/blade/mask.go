// SPDX-License-Identifier: GPL-2.0-only

package blade

import "vblade/internal/aoe"

// acceptMask answers a MAC mask command (section 5).
func (b *Blade) acceptMask(r *request) {
	f := r.frame
	switch f.MaskOp() {
	case aoe.MaskRead:
		b.answerMasks(r)
	case aoe.MaskEdit:
		if !f.HoldsDirectives() {
			r.fail(aoe.ErrArgument)
			r.answer(aoe.MaskLen)
			return
		}
		b.editMasks(r)
	default:
		r.fail(aoe.ErrArgument)
		r.answer(aoe.MaskLen)
	}
}

// editMasks applies a frame's directives up to the first that is wrong. Once it
// is answered, no write that the new list shuts out takes effect any more.
func (b *Blade) editMasks(r *request) {
	f := r.frame
	before := b.masks
	for i := range f.MaskCount() {
		if e := b.editMask(f.Directive(i)); e != aoe.MaskOK {
			f.SetMaskResult(e, i)
			r.settles, r.remasks = true, b.masks != before
			r.answer(aoe.MaskLen)
			return
		}
	}
	if aoe.MaskLen+b.masks.n*aoe.DirectiveLen > r.room {
		b.masks = before
		r.refuse()
		return
	}
	r.settles, r.remasks = true, b.masks != before
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
func (b *Blade) answerMasks(r *request) {
	n := aoe.MaskLen + b.masks.n*aoe.DirectiveLen
	if n > r.room {
		r.refuse()
		return
	}
	f := aoe.Frame(r.buf)
	f.SetMaskResult(aoe.MaskOK, b.masks.n)
	for i, m := range b.masks.all() {
		f.SetDirective(i, aoe.DirectiveNone, m)
	}
	r.answer(n)
}
