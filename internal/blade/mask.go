// SPDX-License-Identifier: GPL-2.0-only

package blade

import "vblade/internal/aoe"

// acceptMask answers a MAC mask command (section 5). Once a reply with the list
// is sent, no write that the list excludes takes effect any more.
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
		b.editMasks(r)
	default:
		r.fail(aoe.ErrArgument)
		r.answer(aoe.MaskLen)
	}
}

// editMasks applies a frame's directives up to the first that is wrong.
func (b *Blade) editMasks(r *Request) {
	next := b.state.masks
	failure, done := next.edit(r.Frame)
	if failure == aoe.MaskOK && masksLen(next.n) > r.room {
		r.refuse()
		return
	}
	if !next.equals(&b.state.masks) {
		if draft := b.draft(r); draft != nil {
			draft.setMasks(next)
			return
		}
		b.state.setMasks(next)
		r.Changed = ChangedMasks
	}
	if failure != aoe.MaskOK {
		r.Frame.SetMaskResult(failure, done)
		r.answer(aoe.MaskLen)
		return
	}
	b.answerMasks(r)
}

// edit applies a frame's directives up to the first that is wrong, and returns
// its error and index.
func (l *macList) edit(f aoe.Frame) (failure aoe.MaskError, done int) {
	for i := range f.MaskCount() {
		if failure := l.apply(f.Directive(i)); failure != aoe.MaskOK {
			return failure, i
		}
	}
	return aoe.MaskOK, f.MaskCount()
}

// apply applies one directive.
func (l *macList) apply(op aoe.DirectiveOp, m aoe.MAC) aoe.MaskError {
	switch op {
	case aoe.DirectiveNone:
	case aoe.DirectiveAdd:
		if l.has(m) {
			break
		}
		if l.n == MaxMasks {
			return aoe.MaskErrFull
		}
		l.add(m)
	case aoe.DirectiveDelete:
		l.remove(m)
	default:
		return aoe.MaskErrDirective
	}
	return aoe.MaskOK
}

// masksLen is the length of a reply that carries n masks, in bytes.
func masksLen(n int) int { return aoe.MaskLen + n*aoe.DirectiveLen }

// answerMasks answers with the list.
func (b *Blade) answerMasks(r *Request) {
	masks := b.state.Masks()
	if masksLen(len(masks)) > r.room {
		r.refuse()
		return
	}
	f := aoe.Frame(r.Buf)
	f.SetMaskResult(aoe.MaskOK, len(masks))
	for i, m := range masks {
		f.SetDirective(i, aoe.DirectiveNone, m)
	}
	r.answer(masksLen(len(masks)))
}
