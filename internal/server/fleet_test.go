// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// fleet is a server of several exports on several links.
type fleet struct {
	*stage
	host  *frametest.Host
	links []*frametest.Link
	tag   uint32 // the last one given out
}

// fleetShelf is how many exports of a fleet have one shelf.
const fleetShelf = 200

// addressOf returns the shelf and slot of a fleet's i-th export.
func addressOf(i int) (shelf uint16, slot uint8) {
	return uint16(9 + i/fleetShelf), uint8(i % fleetShelf)
}

// nameOf returns the name of a fleet's i-th export.
func nameOf(i int) string {
	shelf, slot := addressOf(i)
	return fmt.Sprintf("e%d.%d", shelf, slot)
}

// newFleet makes a server on so many links, each with n buffers, that does not
// serve yet. Each link has an address of its own.
func newFleet(t testing.TB, links, n int) *fleet {
	f := &fleet{host: frametest.NewHost()}
	f.stage = newStage(t, f.host, n, bufferLen)
	for i := range links {
		f.link(fmt.Sprintf("memory%d", i), n)
	}
	return f
}

// newFleetOn is newFleet on an engine of some kind. If it ends well, something must
// have gone by a ring where there are rings.
func newFleetOn(t testing.TB, kind engineKind, links, n int) *fleet {
	f := &fleet{host: frametest.NewHost()}
	f.stage = newStage(t, f.host, 0, 0)
	if kind.rings {
		f.useRings()
	}
	for i := range links {
		f.attachPages(f.newLink(fmt.Sprintf("memory%d", i)), n)
	}
	f.checkFlown(kind.rings)
	return f
}

// link puts one more link into use.
func (f *fleet) link(name string, n int) *frametest.Link {
	l := f.newLink(name)
	f.attach(l, n, bufferLen)
	return l
}

// newLink makes one more link.
func (f *fleet) newLink(name string) *frametest.Link {
	l := f.host.NewLink(9000, name)
	l.Change(9000, macOf(len(f.links)), nil)
	f.links = append(f.links, l)
	return l
}

// macOf returns the address of a fleet's i-th link.
func macOf(i int) aoe.MAC { return aoe.MAC{2, 0, 0, 0, 7, byte(i)} }

// bladeOf returns the i-th export, over a disk with a delay.
func bladeOf(i int, delay func() time.Duration) *blade.Blade {
	shelf, slot := addressOf(i)
	return blade.New(newSlowStore(delay), blade.Config{Shelf: shelf, Slot: slot, Host: "h"})
}

// atOnce is the delay of a disk that has none.
func atOnce() time.Duration { return 0 }

// addAll serves n exports on all links.
func (f *fleet) addAll(n int) {
	f.t.Helper()
	for i := range n {
		f.add(bladeOf(i, atOnce))
	}
}

// next gives out a tag.
func (f *fleet) next() uint32 {
	f.tag++
	return f.tag
}

// sentTo makes a frame one to the i-th export.
func sentTo(i int, f aoe.Frame) aoe.Frame {
	f.SetTarget(addressOf(i))
	return f
}

// sentToAll makes a frame one to every export.
func sentToAll(f aoe.Frame) aoe.Frame {
	f.SetTarget(aoe.EveryShelf, aoe.EverySlot)
	return f
}

// configFrame is a config command.
func configFrame(tag uint32, op aoe.ConfigOp, s string) aoe.Frame {
	f := make(aoe.Frame, max(aoe.MinLen, aoe.ConfigLen+len(s)))
	f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	f.SetSrc(frametest.Friend)
	f.SetTag(tag)
	f.SetConfigRequest(op, []byte(s))
	return f
}

// answers waits until n replies with a tag have left by a link, and returns how
// many have come of each address; more than n are an error that a later call finds.
func (f *fleet) answers(l *frametest.Link, tag uint32, n int) map[string]int {
	f.t.Helper()
	var got map[string]int
	if !l.Await(func() bool {
		got = map[string]int{}
		count := 0
		for _, r := range l.Replies() {
			if r := aoe.Frame(r); r.Tag() == tag {
				got[fmt.Sprintf("e%d.%d", r.Shelf(), r.Slot())]++
				count++
			}
		}
		return count >= n
	}) {
		f.t.Fatalf("%d exports answer %#x, want %d; %+v", len(got), tag, n, f.server.Stats().Links)
	}
	return got
}

// ask sends a frame by a link and waits for its reply.
func (f *fleet) ask(l *frametest.Link, frame aoe.Frame) aoe.Frame {
	f.t.Helper()
	tag := f.next()
	frame.SetTag(tag)
	l.Deliver(frame)
	if !l.Await(func() bool { return l.Reply(tag) != nil }) {
		f.t.Fatalf("frame %#x to e%d.%d is not answered", tag, frame.Shelf(), frame.Slot())
	}
	return l.Reply(tag)
}

// settled waits until every frame delivered was taken in and what it led to is
// done, and checks that no request is lost.
func (f *fleet) settled() {
	f.t.Helper()
	for i, p := range f.ports {
		eventually(f.t, func() bool {
			if !f.links[i].Drained() {
				return false
			}
			idle, all := f.server.Requests(p) // of what has been received by then
			return idle == all
		}, "not every request comes back")
	}
	if n := f.server.Undone(); n != 0 {
		f.t.Errorf("%d requests count as not done", n)
	}
}

// eventually waits until something is so that nobody tells of.
func eventually(t testing.TB, so func() bool, otherwise string) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(patience); !so(); <-look.C {
		if time.Now().After(end) {
			t.Fatal(otherwise)
		}
	}
}

// tagOf returns the tag of a frame.
func tagOf(f []byte) uint32 { return binary.BigEndian.Uint32(f[20:]) }

// ignored returns how many frames of a link were not for anybody.
func (f *fleet) ignored(name string) uint64 {
	for _, l := range f.server.Stats().Links {
		if l.Name == name {
			return l.Ignored
		}
	}
	return 0
}
