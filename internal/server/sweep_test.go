// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// TestBroadcastToMany asks very many blades at once: each answers once, and the
// last of them do not wait until another frame comes.
func TestBroadcastToMany(t *testing.T) {
	store := frametest.Export{}.NewStore()
	var blades []*blade.Blade
	for slot := range uint8(100) {
		blades = append(blades, blade.New(store, blade.Config{Shelf: frametest.Shelf, Slot: slot}))
	}
	link := frametest.NewLink(1500)
	s := newStage(t, link.Host, 2*len(blades), bufferLen, link)
	s.add(blades...)
	s.serve(patience)
	if !link.Await(func() bool { return len(link.Replies()) == len(blades) }) {
		t.Fatalf("%d blades of %d advertise themselves", len(link.Replies()), len(blades))
	}
	for tag := range uint32(3) {
		link.Forget()
		link.Deliver(queryForAll(tag))
		if !link.Await(func() bool { return len(link.Replies()) >= len(blades) }) {
			t.Fatalf("%d blades of %d answer", len(link.Replies()), len(blades))
		}
		answered := make(map[uint8]bool)
		for _, f := range link.Replies() {
			answered[aoe.Frame(f).Slot()] = aoe.Frame(f).Tag() == tag
		}
		if len(answered) != len(blades) {
			t.Errorf("%d blades of %d answer", len(answered), len(blades))
		}
	}
}

// queryForAll is a config query to every target.
func queryForAll(tag uint32) aoe.Frame {
	f := make(aoe.Frame, aoe.MinLen)
	f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	f.SetDst(aoe.Broadcast)
	f.SetSrc(frametest.Initiator)
	f.SetTarget(aoe.EveryShelf, aoe.EverySlot)
	f.SetConfigRequest(aoe.ConfigRead, nil)
	f.SetTag(tag)
	return f
}
