// SPDX-License-Identifier: GPL-2.0-only

package differential

import (
	"math/rand/v2"
	"slices"

	"vblade/internal/aoe"
)

// How often a frame with a hazard is let through, in percent: each costs a
// fresh pair.
const hazardsKept = 30

// mostDraws bounds how often a frame is drawn again.
const mostDraws = 200

// request is a frame to send.
type request struct {
	index  int // in the leg, from 1
	frame  aoe.Frame
	hazard *hazard
	ours   bool // we answer it, the C program may not
	admits bool // it changes the masks: what comes behind it may be admitted only then
}

// tag returns the request's tag; a frame cut before its end has none.
func (r request) tag() (uint32, bool) {
	if len(r.frame) < aoe.HeaderLen {
		return 0, false
	}
	return r.frame.Tag(), true
}

// Tags are the index of the frame in 24 bits, so that a person finds it, below
// what varies; the first bit marks a sentinel.
const (
	tagIndexMask uint32 = 1<<24 - 1
	tagSentinel  uint32 = 1 << 31
)

// tagOf returns the tag of frame index.
func tagOf(index int) uint32 {
	return uint32(index*37&0x7f)<<24 | uint32(index)&tagIndexMask
}

// generator makes a leg's frames.
type generator struct {
	rng   *rand.Rand
	model *model
	index int                // of the last frame made
	held  *request           // made, but not yet handed out
	queue []func() aoe.Frame // what comes before chance does
}

// group returns at most n requests to send together. One with a hazard is alone,
// one that changes the masks is the last.
func (g *generator) group(n int) []request {
	var group []request
	for len(group) < n {
		r := g.take()
		if r.hazard != nil && len(group) > 0 {
			g.held = &r
			break
		}
		masks := g.model.masks
		g.model.apply(r.frame)
		r.admits = !slices.Equal(masks, g.model.masks)
		group = append(group, r)
		if r.hazard != nil || r.admits {
			break
		}
	}
	return group
}

// take returns the request held, or a new one.
func (g *generator) take() request {
	if g.held != nil {
		r := *g.held
		g.held = nil
		return r
	}
	g.index++
	if len(g.queue) > 0 {
		f := g.queue[0]()
		g.queue = g.queue[1:]
		return g.request(f)
	}
	for range mostDraws {
		if r := g.request(g.draw()); g.fits(r) {
			return r
		}
	}
	return g.request(g.sentinel(g.index))
}

// request gives a frame its tag, and finds its hazard.
func (g *generator) request(f aoe.Frame) request {
	toTarget(f)
	if len(f) >= aoe.HeaderLen {
		f.SetTag(tagOf(g.index))
	}
	return request{
		index:  g.index,
		frame:  f,
		hazard: g.model.hazard(f),
		ours:   g.model.is(f, aoe.CommandATA, aoe.ATALen) && unansweredPower(f),
	}
}

// toTarget addresses a frame that is for one station to the target: frames to
// other stations are answered by the C program only (difference 16).
func toTarget(f aoe.Frame) {
	if f[0]&1 == 0 {
		f.SetDst(target)
	}
}

// fits reports whether a request may be sent on this leg.
func (g *generator) fits(r request) bool {
	if g.model.leg.quiet {
		return r.hazard == nil && !provokes(r.frame)
	}
	return r.hazard == nil || g.percent(hazardsKept)
}

// provokes reports whether the reply to a frame may show a defect of the C
// program (differences 3, 7, 8).
func provokes(f aoe.Frame) bool {
	if len(f) < aoe.HeaderLen {
		return false
	}
	return f.Command() == aoe.CommandATA && len(f) < aoe.MinLen || overlongConfig(f) || unansweredPower(f)
}

// sentinel returns a request that is always answered and changes nothing, to go
// behind frame index.
func (g *generator) sentinel(index int) aoe.Frame {
	f := make(aoe.Frame, aoe.MinLen)
	f.SetDst(target)
	f.SetSrc(initiator(0))
	if m := g.model.masks; len(m) > 0 {
		f.SetSrc(m[0])
	}
	f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	f.SetTarget(shelf, slot)
	f.SetTag(tagOf(index) | tagSentinel)
	f.SetConfigRequest(aoe.ConfigRead, nil)
	return f
}

// draw makes a frame of any kind, whole or not.
func (g *generator) draw() aoe.Frame {
	f := g.whole()
	switch n := g.rng.IntN(100); {
	case n < 8:
		return g.cut(f)
	case n < 12:
		return g.extend(f)
	case n < 22:
		g.damage(f)
	case n < 60 && len(f) < aoe.MinLen:
		return append(f, make([]byte, aoe.MinLen-len(f))...) // as an interface would
	}
	return f
}

// whole makes a frame as it should be, more or less.
func (g *generator) whole() aoe.Frame {
	switch n := g.rng.IntN(100); {
	case n < 58:
		return g.ata()
	case n < 74:
		return g.configFrame()
	case n < 85:
		return g.maskFrame()
	case n < 95:
		return g.reserveFrame()
	default:
		return g.unknown()
	}
}

// cut takes the end off a frame, often within what its command needs.
func (g *generator) cut(f aoe.Frame) aoe.Frame {
	most := len(f)
	if g.percent(60) {
		most = min(most, aoe.MinLen+4)
	}
	return f[:g.between(aoe.EthernetHeaderLen, most)]
}

// extend adds bytes to a frame, up to what arrives.
func (g *generator) extend(f aoe.Frame) aoe.Frame {
	most := g.model.leg.room() + overlong
	n := g.between(len(f), most)
	if g.percent(20) {
		n = max(len(f), most-g.rng.IntN(2*overlong))
	}
	return append(f, g.bytes(n-len(f))...)
}

// damage changes a few bits or bytes of a frame.
func (g *generator) damage(f aoe.Frame) {
	for range 1 + g.rng.IntN(4) {
		at := g.rng.IntN(len(f))
		if g.percent(80) {
			at = g.rng.IntN(min(len(f), 48)) // where the fields are
		}
		if g.percent(50) {
			f[at] ^= 1 << g.rng.IntN(8)
		} else {
			f[at] = byte(g.rng.Uint32())
		}
	}
}
