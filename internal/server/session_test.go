// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// What a server of these tests has: fewer buffers than some batches have
// frames, each longer than any frame of the table.
const (
	buffers   = 6
	bufferLen = 10000
)

// firstProbe is the tag before those of the probes that pass sends.
const firstProbe = 0x5e000000

// session is a blade, served over a link in memory by a server of its own. All
// tests of the protocol go through it, and so through nothing but frames.
type session struct {
	*stage
	link  *frametest.Link
	store *frametest.Store
	probe aoe.Frame // the last one sent by pass
}

// newBlade returns the blade of an export of the table.
func newBlade(e frametest.Export, store ata.Store) *blade.Blade {
	return blade.New(store, blade.Config{
		Shelf:   frametest.Shelf,
		Slot:    frametest.Slot,
		Buffers: frametest.Buffers,
		Masks:   e.Masks,
		Host:    frametest.Hostname,
	})
}

// serve begins a session with an export of the table on a disk of some kind. It
// ends with the test, if not before.
func serve(t testing.TB, e frametest.Export, kind diskKind) *session {
	t.Helper()
	store := e.NewStore()
	s := serveBlades(t, frametest.NewLink(e.LinkMTU()), bufferLen, newBlade(e, kind.of(store)))
	s.store = store
	return s
}

// serveBlades begins a session with any blades, over a link, with buffers of n
// bytes.
func serveBlades(t testing.TB, link *frametest.Link, n int, blades ...*blade.Blade) *session {
	t.Helper()
	return serveKept(t, link, n, nil, blades...)
}

// serveKept is serveBlades for blades whose state a keeper keeps.
func serveKept(t testing.TB, link *frametest.Link, n int, keeper server.Keeper, blades ...*blade.Blade) *session {
	t.Helper()
	s := &session{stage: newStage(t, link.Host, buffers, n, link), link: link}
	s.keeper = keeper
	s.add(blades...)
	s.serve(patience)
	// A frame of an unknown command is answered whatever the state and the
	// MTU, changes nothing, and every mask list of the table admits Friend.
	s.probe = make(aoe.Frame, aoe.HeaderLen)
	s.probe.SetHeader(aoe.Version, 0, 0xff)
	s.probe.SetSrc(frametest.Friend)
	s.probe.SetTarget(aoe.EveryShelf, aoe.EverySlot)
	s.probe.SetTag(firstProbe)
	return s
}

// pass delivers frames in one batch and returns when the server has taken every
// one of them as far as it goes without a disk.
func (s *session) pass(frames ...[]byte) {
	s.t.Helper()
	s.probe = bytes.Clone(s.probe)
	tag := s.probe.Tag() + 1
	s.probe.SetTag(tag)
	s.link.Deliver(append(frames[:len(frames):len(frames)], s.probe)...)
	if !s.link.Await(func() bool { return s.link.Reply(tag) != nil }) {
		s.t.Fatalf("the server does not answer any more, after %d replies", len(s.link.Replies()))
	}
}

// ask delivers frames in one batch and returns the reply to the last; nothing
// where there is none. The session is over after a question without an answer.
func (s *session) ask(frames ...[]byte) []byte {
	s.t.Helper()
	s.link.Forget()
	s.pass(frames...)
	tag := binary.BigEndian.Uint32(append(frames[len(frames)-1], 0, 0, 0, 0)[20:])
	if reply := s.link.Reply(tag); reply != nil {
		return reply
	}
	s.end()
	return s.link.Reply(tag)
}

// run takes the session through a case's steps.
func (s *session) run(steps []frametest.Step) {
	s.t.Helper()
	for _, step := range steps {
		if step.Frame == nil {
			s.link.SetMTU(step.MTU)
		} else {
			s.pass(step.Frame)
		}
	}
}
