// SPDX-License-Identifier: GPL-2.0-only

package blade

import "vblade/internal/aoe"

// acceptMask answers a MAC mask command (section 5).
func (b *Blade) acceptMask(r *request) {
	f := r.frame
	switch f.MaskOp() {
	case aoe.MaskRead:
		r.answer(b.putMasks(r.buf))
	case aoe.MaskEdit:
		if !f.HoldsDirectives() {
			f.Fail(aoe.ErrArgument)
			r.answer(aoe.MaskLen)
			return
		}
		b.editMasks(r)
	default:
		f.Fail(aoe.ErrArgument)
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
			r.settles = true
			r.answer(aoe.MaskLen)
			return
		}
	}
	if aoe.MaskLen+b.masks.n*aoe.DirectiveLen > r.room {
		b.masks = before // the reply could not be sent (difference 9)
		f.Fail(aoe.ErrArgument)
		r.answer(aoe.MaskLen)
		return
	}
	r.settles = true
	r.answer(b.putMasks(r.buf))
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

// putMasks writes the list into a reply and returns its length.
func (b *Blade) putMasks(f aoe.Frame) int {
	f.SetMaskResult(aoe.MaskOK, b.masks.n)
	for i, m := range b.masks.all() {
		f.SetDirective(i, aoe.DirectiveNone, m)
	}
	return aoe.MaskLen + b.masks.n*aoe.DirectiveLen
}
