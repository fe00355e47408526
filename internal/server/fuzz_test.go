// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"testing"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// Bounds of what the fuzzer makes up: frames of a session, bytes of a frame, MTU.
const (
	mostFrames   = 40
	longestFrame = 9014
	smallestMTU  = 68
	largestMTU   = 9000
)

// FuzzServer sends sequences of frames to exports of all kinds. What comes back,
// and what the store holds afterwards, must be what the reference says, and what
// holds for every reply must hold.
func FuzzServer(f *testing.F) {
	for i, c := range frametest.All() {
		if c.OneBatch() && c.Export.Masks == nil {
			f.Add(pack(c.Frames()), uint16(c.Export.LinkMTU()-smallestMTU), faults(c.Export), uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, packed []byte, mtu uint16, faults, disk uint8) {
		e := frametest.Export{
			ReadOnly:  faults&1 != 0,
			BadFlush:  faults&2 != 0,
			BadSector: int64(faults >> 2),
			MTU:       smallestMTU + int(mtu)%(largestMTU-smallestMTU+1),
		}
		frames := unpack(packed)
		checkFrames(t, e, diskKind(disk)%diskKinds, frames)
	})
}

// TestRandomSessions does the same with the frames of the table in any order, so
// that each meets the states that the others leave.
func TestRandomSessions(t *testing.T) {
	var all [][]byte
	for _, c := range frametest.All() {
		if c.OneBatch() && c.Export.Masks == nil {
			all = append(all, c.Frames()...)
		}
	}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 0))
		frames := make([][]byte, 100)
		for i := range frames {
			frames[i] = bytes.Clone(all[random.IntN(len(all))])
		}
		e := frametest.Export{MTU: []int{68, 300, 1500, 9000}[seed%4], BadSector: int64(seed % 12)}
		kind := diskKind(seed) % diskKinds
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { checkFrames(t, e, kind, numbered(frames)) })
	}
}

// checkFrames sends frames, which are numbered, to an export and checks all that
// they lead to.
func checkFrames(t *testing.T, e frametest.Export, kind diskKind, frames [][]byte) {
	t.Helper()
	s := serve(t, e, kind)
	s.link.Deliver(frames...)
	if !s.link.Await(s.link.Drained) {
		t.Fatal("the server does not receive any more")
	}
	s.end()
	checkSession(t, s, e, frames)
}

// faults codes an export's faults in a byte.
func faults(e frametest.Export) uint8 {
	k := uint8(e.BadSector) << 2
	if e.ReadOnly {
		k |= 1
	}
	if e.BadFlush {
		k |= 2
	}
	return k
}

// pack joins frames, each with two bytes of length before it.
func pack(frames [][]byte) []byte {
	var packed []byte
	for _, f := range frames {
		packed = append(binary.BigEndian.AppendUint16(packed, uint16(len(f))), f...)
	}
	return packed
}

// unpack is the opposite of pack for any bytes. The frames are numbered.
func unpack(packed []byte) [][]byte {
	var frames [][]byte
	for len(packed) >= 2 && len(frames) < mostFrames {
		n := min(int(binary.BigEndian.Uint16(packed)), len(packed)-2, longestFrame)
		f := bytes.Clone(packed[2 : 2+n])
		packed = packed[2+n:]
		frames = append(frames, f)
	}
	return numbered(frames)
}

// numbered makes the tag of every frame its place in the sequence, from 1 on.
func numbered(frames [][]byte) [][]byte {
	for i, f := range frames {
		if len(f) >= aoe.HeaderLen {
			aoe.Frame(f).SetTag(uint32(i + 1))
		}
	}
	return frames
}

// checkSession checks all that a session's frames led to.
func checkSession(t *testing.T, s *session, e frametest.Export, frames [][]byte) {
	t.Helper()
	replies := map[uint32][]byte{}
	for _, r := range s.link.Replies() {
		tag := aoe.Frame(r).Tag()
		if replies[tag] != nil {
			t.Fatalf("two replies with tag %d", tag)
		}
		replies[tag] = r
	}
	if n := s.link.Refused(); n > 0 {
		t.Errorf("%d replies were longer than the MTU allows", n)
	}
	r := newReference(e)
	for i, f := range frames {
		reply := replies[uint32(i+1)]
		if reply != nil {
			checkInvariants(t, f, reply, e.MTU)
		}
		want := r.answer(f)
		if len(reply) != len(want.reply) || !bytes.Equal(reply[:min(len(reply), want.settled)], want.reply[:min(len(reply), want.settled)]) {
			t.Fatalf("frame %d: %sis answered by %swant %s", i, dump(f), dump(reply), dump(want.reply))
		}
	}
	checkStore(t, s.store, e, r.disk)
}

// dump shows the beginning of a frame.
func dump(f []byte) string {
	return fmt.Sprintf("%d bytes\n%s", len(f), hex.Dump(f[:min(len(f), 96)]))
}

// checkInvariants checks what holds for every reply, by the bytes of the wire.
func checkInvariants(t *testing.T, request, reply []byte, mtu int) {
	t.Helper()
	if len(reply) < 60 || len(reply) > mtu+14 {
		t.Fatalf("a reply of %d bytes at MTU %d", len(reply), mtu)
	}
	if len(request) < 24 {
		t.Fatal("a frame without a header was answered")
	}
	switch {
	case !bytes.Equal(reply[0:6], request[6:12]):
		t.Fatal("the reply does not go to the sender")
	case !bytes.Equal(reply[6:12], frametest.Target[:]):
		t.Fatal("the reply is not from us")
	case reply[12] != 0x88 || reply[13] != 0xa2:
		t.Fatal("the reply is not AoE")
	case request[14]&8 != 0:
		t.Fatal("a reply was answered")
	case reply[14]&8 == 0 || reply[14]|4 != request[14]|4|8:
		t.Fatalf("version and flags %#x became %#x", request[14], reply[14])
	case binary.BigEndian.Uint16(reply[16:]) != frametest.Shelf || reply[18] != frametest.Slot:
		t.Fatal("the reply does not name our shelf and slot")
	case !bytes.Equal(reply[19:24], request[19:24]):
		t.Fatal("command and tag do not come back")
	}
}

// checkStore checks that the store went through a session as disk did, but for
// the inside of its bad sector.
func checkStore(t *testing.T, store *frametest.Store, e frametest.Export, disk []byte) {
	t.Helper()
	if err := store.Trouble(); err != nil {
		t.Errorf("the store: %v", err)
	}
	got := store.Bytes()
	if e.BadSector > 0 {
		bad := e.BadSector * sectorSize
		copy(got[bad:bad+sectorSize], disk[bad:])
	}
	if !bytes.Equal(got, disk) {
		t.Error("the store does not hold what was written")
	}
}
