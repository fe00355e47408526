// SPDX-License-Identifier: GPL-2.0-only

package blade

import (
	"bytes"

	"vblade/internal/aoe"
)

// acceptConfig answers a config command (section 4). The caller has read the
// link's MTU just before.
func (b *Blade) acceptConfig(r *Request) {
	s, whole := r.Frame.ConfigString()
	if !whole && lacking(r.Frame) {
		return
	}
	next, answered := b.nextConfig(r, s)
	if !answered {
		return
	}
	if aoe.ConfigLen+len(next) > r.room {
		r.refuse()
		return
	}
	if !bytes.Equal(b.state.Config(), next) {
		if draft := b.draft(r); draft != nil {
			draft.setConfig(next)
			return
		}
		b.state.setConfig(next)
	}
	r.answer(b.putConfig(r.Buf, r.wire))
}

// nextConfig returns the config string that is in force after a command with the
// string s, and whether the command is answered. It fails a command that is refused.
func (b *Blade) nextConfig(r *Request, s []byte) (next []byte, answered bool) {
	own := b.state.Config()
	switch r.Frame.ConfigOp() {
	case aoe.ConfigRead:
	case aoe.ConfigTest:
		return own, bytes.Equal(own, s)
	case aoe.ConfigPrefix:
		return own, bytes.HasPrefix(own, s)
	case aoe.ConfigSet:
		if len(own) == 0 {
			return s, true
		}
		if !bytes.Equal(own, s) {
			r.fail(aoe.ErrConfig)
		}
	case aoe.ConfigForceSet:
		return s, true
	default:
		r.fail(aoe.ErrArgument)
	}
	return own, true
}

// lacking reports whether a config command that does not hold its string is not
// answered. Read uses no string. An unknown subcommand does not either, but its
// length must not exceed that of the whole frame, including headers.
func lacking(f aoe.Frame) bool {
	switch op := f.ConfigOp(); {
	case op == aoe.ConfigRead:
		return false
	case op > aoe.ConfigForceSet:
		return f.ConfigLength() > min(len(f), aoe.MaxConfigString)
	}
	return true
}

// putConfig writes the fields of a config reply and returns its length.
func (b *Blade) putConfig(f aoe.Frame, w *Wire) int {
	return f.SetConfigReply(b.buffers, uint8(min(w.Sectors, 255)), b.state.Config())
}

// Advertise writes an advertisement to dst on a wire (section 4), and returns its
// length. The frame has room for the longest config string.
func (b *Blade) Advertise(f aoe.Frame, w *Wire, dst aoe.MAC) int {
	clear(f[:aoe.MinLen])
	f.SetHeader(0, aoe.FlagResponse, aoe.CommandConfig)
	f.SetDst(dst)
	f.SetSrc(*w.MAC.Load())
	f.SetTarget(b.shelf, b.slot)
	return max(b.putConfig(f, w), aoe.MinLen)
}

// Audience returns the addresses to advertise to.
func (b *Blade) Audience() []aoe.MAC {
	if b.state.masks.n == 0 {
		return []aoe.MAC{aoe.Broadcast}
	}
	return b.state.Masks()
}
