// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// routed is an export of the tests of routing: it is served on some of two links.
type routed struct {
	shelf  uint16
	slot   uint8
	links  []int
	export frametest.Export
}

// routes are the exports of the tests of routing: neighbours in shelf and slot.
var routes = []routed{
	{frametest.Shelf, frametest.Slot, []int{0, 1}, frametest.Export{}},
	{frametest.Shelf, frametest.Slot + 1, []int{0, 1}, frametest.Export{ReadOnly: true}},
	{frametest.Shelf + 1, frametest.Slot, []int{0}, frametest.Export{BadSector: 5}},
	{uint16(frametest.Slot), 0, []int{1}, frametest.Export{Masks: []aoe.MAC{frametest.Friend}}},
}

// meant reports whether a frame that came by a link means the export.
func (r routed) meant(link int, f []byte) bool {
	return slices.Contains(r.links, link) && f[12] == 0x88 && f[13] == 0xa2 && f[14]&8 == 0 &&
		(binary.BigEndian.Uint16(f[16:]) == r.shelf || f[16]&f[17] == 0xff) && (f[18] == r.slot || f[18] == 0xff)
}

// routing is a server of the routes.
type routing struct {
	*fleet
	stores []*frametest.Store
	frames [][]byte // that were sent; the tag of each is its place, from 1 on
	by     []int    // the link of each
}

// startRouting serves the routes.
func startRouting(t testing.TB) *routing {
	r := &routing{fleet: newFleet(t, 2, 40)}
	for _, e := range routes {
		store := e.export.NewStore()
		r.stores = append(r.stores, store)
		b := blade.New(store, blade.Config{Shelf: e.shelf, Slot: e.slot, Masks: e.export.Masks})
		var ports []*server.Port
		for _, l := range e.links {
			ports = append(ports, r.ports[l])
		}
		if err := r.server.Add(b, ports...); err != nil {
			t.Fatal(err)
		}
	}
	r.serve(patience)
	return r
}

// send sends a frame by a link.
func (r *routing) send(link int, f []byte) {
	r.frames, r.by = append(r.frames, f), append(r.by, link)
	if len(f) >= aoe.HeaderLen {
		aoe.Frame(f).SetTag(uint32(len(r.frames)))
	}
	r.links[link].Deliver(f)
}

// check waits until all is done and checks all replies and stores.
func (r *routing) check() {
	r.t.Helper()
	r.settled()
	type answer struct {
		tag   uint32
		shelf uint16
		slot  uint8
	}
	seen := map[answer]bool{}
	for link, l := range r.links {
		if n := l.Refused(); n > 0 {
			r.t.Errorf("%d replies were longer than the MTU allows", n)
		}
		for _, reply := range l.Replies() {
			f := aoe.Frame(reply)
			if f.Tag() == 0 {
				continue // an advertisement
			}
			a := answer{f.Tag(), f.Shelf(), f.Slot()}
			if seen[a] {
				r.t.Errorf("%+v: two replies", a)
			}
			seen[a] = true
			r.checkReply(link, reply)
		}
	}
	r.checkStores()
}

// checkReply checks that a reply answers a frame of the same link, for an export
// that it meant.
func (r *routing) checkReply(link int, reply []byte) {
	r.t.Helper()
	n := int(tagOf(reply))
	if n > len(r.frames) || r.by[n-1] != link || len(r.frames[n-1]) < aoe.HeaderLen {
		r.t.Fatalf("link %d has a reply to what it has not brought: %s", link, dump(reply))
	}
	request := r.frames[n-1]
	mac := macOf(link)
	if len(reply) < 60 || len(reply) > 9014 || !bytes.Equal(reply[:6], request[6:12]) || !bytes.Equal(reply[6:12], mac[:]) ||
		reply[14]&8 == 0 || !bytes.Equal(reply[19:24], request[19:24]) {
		r.t.Errorf("%sis answered by %s", dump(request), dump(reply))
	}
	f := aoe.Frame(reply)
	if !slices.ContainsFunc(routes, func(e routed) bool {
		return e.shelf == f.Shelf() && e.slot == f.Slot() && e.meant(link, request)
	}) {
		r.t.Errorf("%sis answered by what it does not mean: %s", dump(request), dump(reply))
	}
}

// checkStores checks that no byte outside a store was touched, and none of one that
// no write meant.
func (r *routing) checkStores() {
	r.t.Helper()
	for i, e := range routes {
		if err := r.stores[i].Trouble(); err != nil {
			r.t.Errorf("store %d: %v", i, err)
		}
		written := false
		for k, f := range r.frames {
			written = written || len(f) >= aoe.ATALen && e.meant(r.by[k], f) && f[19] == 0 && (f[27] == ata.Write || f[27] == ata.WriteExt)
		}
		if !written && !bytes.Equal(r.stores[i].Bytes(), frametest.Content(0, frametest.Sectors)) {
			r.t.Errorf("store %d has changed, and no write meant it", i)
		}
	}
}

// FuzzRoute sends any frames by two links to several exports: who answers is meant,
// by the link of the question, once, and nothing else is touched. Of each frame the
// lowest bit of its first byte, which no target sees, says by which link it comes.
func FuzzRoute(f *testing.F) {
	for i, c := range frametest.All() {
		if len(c.Request) < aoe.HeaderLen || len(c.Before) > 0 {
			continue
		}
		var frames [][]byte
		for k, e := range append(routes, routed{shelf: aoe.EveryShelf, slot: aoe.EverySlot}, routed{shelf: frametest.Shelf, slot: aoe.EverySlot}) {
			one := bytes.Clone(c.Request)
			one[0] = byte(i + k)
			aoe.Frame(one).SetTarget(e.shelf, e.slot)
			frames = append(frames, one)
		}
		f.Add(pack(frames))
	}
	f.Fuzz(func(t *testing.T, packed []byte) {
		r := startRouting(t)
		for _, one := range unpack(packed) {
			link := 0
			if len(one) > 0 {
				link = int(one[0] & 1)
			}
			r.send(link, one)
		}
		r.check()
	})
}

// TestRandomRoutes does the same with the frames of the table in any order, to
// those that there are, their neighbours and all.
func TestRandomRoutes(t *testing.T) {
	var all [][]byte
	for _, c := range frametest.All() {
		all = append(all, c.Frames()...)
	}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 20))
		r := startRouting(t)
		for range 200 {
			one := bytes.Clone(all[random.IntN(len(all))])
			if len(one) >= aoe.HeaderLen {
				shelves := []uint16{frametest.Shelf, frametest.Shelf + 1, uint16(frametest.Slot), aoe.EveryShelf}
				slots := []uint8{frametest.Slot, frametest.Slot + 1, 0, aoe.EverySlot}
				aoe.Frame(one).SetTarget(shelves[random.IntN(4)], slots[random.IntN(4)])
			}
			r.send(random.IntN(2), one)
		}
		r.check()
		r.end()
	}
}
