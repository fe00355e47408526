// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
	"vblade/internal/netio"
	"vblade/test/frametest"
	"vblade/test/lab"
	"vblade/test/peer"
)

// How many hostile frames there are, the first of them to warm up, and how many
// go out together.
const (
	hostileFrames = 200_000
	hostileWarmUp = 40_000
	hostileGroup  = 60
)

// guardSectors lie before and behind the export in the file; each is full of
// guardText, which no frame holds.
const (
	guardSectors = 128
	guardText    = "outside the box."
)

// TestHostileFrames sends frames as no initiator would, and in between checks
// with those of a friend that the target still answers as it should. Nothing
// outside the export is read or written, no frame sizes an allocation, no log
// repeats what a peer says.
func TestHostileFrames(t *testing.T) {
	attacked(t, program, func(warm, end usage) { checkFlat(t, warm, end, usualGrowth) })
}

// TestHostileFramesRaced does the same under the race detector, whose own memory
// grows with what it sees.
func TestHostileFramesRaced(t *testing.T) {
	attacked(t, raced(t), func(usage, usage) {})
}

// attacked attacks a program. What it holds when it is warm and in the end is for
// flat to check.
func attacked(t *testing.T, program string, flat func(warm, end usage)) {
	t.Helper()
	s := newSite(t)
	guard := bytes.Repeat([]byte(guardText), guardSectors*sectorSize/len(guardText))
	inside := frametest.Content(0, frametest.Sectors)
	file, path := s.memory(bytes.Join([][]byte{guard, inside, guard}, nil))
	v := s.host.StartVblade(t, program, "-b", "272", "-o", fmt.Sprint(guardSectors), "-l", fmt.Sprint(frametest.Sectors),
		"-m", lower(frametest.Friend)+","+lower(frametest.Initiator),
		fmt.Sprint(frametest.Shelf), fmt.Sprint(frametest.Slot), "tgt0", path)

	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	a := newAttack(s, v, seed)
	a.send(hostileWarmUp)
	warm := usageOf(t, v)
	a.send(hostileFrames - hostileWarmUp)
	answered := a.received - a.friends
	t.Logf("%d of %d frames were answered", answered, hostileFrames)
	if answered < hostileFrames/4 {
		t.Error("the test tested little")
	}
	flat(warm, usageOf(t, v))
	s.checkServes(file)
	content, err := os.ReadFile(path)
	s.must(err)
	if edge := len(guard); len(content) != 2*edge+len(inside) || !bytes.Equal(content[:edge], guard) ||
		!bytes.Equal(content[len(content)-edge:], guard) {
		t.Error("the file was changed outside the export")
	}
	checkLog(t, v, mostLog, canary[1:], guardText)
}

// lower is an address as -m takes it.
func lower(m aoe.MAC) string { return hex.EncodeToString(m[:]) }

// attack is a hostile station on the wire, and its opposite.
type attack struct {
	*site
	vblade   *lab.Process
	link     *peer.Station
	mangler  *mangler
	buffers  [][]byte
	round    uint32
	received int  // frames, of either
	friends  int  // frames that the friend has sent
	asked    bool // the target has asked its question
}

// newAttack opens a socket that takes the parts of both.
func newAttack(s *site, v *lab.Process, seed uint64) *attack {
	a := &attack{site: s, vblade: v, mangler: newMangler(seed, s.mac, 1500)}
	a.link = s.link(netio.Config{EtherType: uint16(aoe.EtherType), ReceiveBuffer: 4 << 20, Buffers: netio.MaxBatch, Foreign: true})
	a.buffers = a.link.Buffers()
	return a
}

// send sends n hostile frames, in groups each of which ends with frames of the
// friend: they release the target and ask who is there. Once that is answered the
// group has been received.
func (a *attack) send(n int) {
	a.t.Helper()
	for ; n > 0; n -= hostileGroup {
		var group [][]byte
		for range min(n, hostileGroup) {
			group = append(group, a.mangler.frame(frametest.Friend, frametest.Initiator))
		}
		a.round++
		a.link.Send(append(group, a.friendly()...))
		a.await(tagOf(a.round))
	}
}

// tagOf is the tag of a round's last frame, which no frame of the table has.
func tagOf(round uint32) uint32 { return 0xf0000000 + round }

// friendly returns what the friend sends after a group.
func (a *attack) friendly() [][]byte {
	a.friends += 2
	release, query := a.request(aoe.CommandReserve), a.request(aoe.CommandConfig)
	release.SetReserveRequest(aoe.ReserveForceSet, nil)
	query.SetConfigRequest(aoe.ConfigRead, nil)
	query.SetTag(tagOf(a.round))
	return [][]byte{release, query}
}

// request begins a request of the friend's.
func (a *attack) request(c aoe.Command) aoe.Frame {
	f := make(aoe.Frame, aoe.MinLen)
	f.SetDst(a.mac)
	f.SetSrc(frametest.Friend)
	f.SetHeader(aoe.Version, 0, c)
	f.SetTarget(frametest.Shelf, frametest.Slot)
	return f
}

// await checks every frame that the target sends, up to the one with a tag. The friend
// asks again if that does not come: a target that stood still drops frames.
func (a *attack) await(tag uint32) {
	a.t.Helper()
	again := time.Now().Add(2 * time.Second)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		n, err := a.link.Receive(a.buffers)
		a.must(err)
		found := false
		for _, f := range a.buffers[:n] {
			if a.isQuestion(f) {
				continue
			}
			a.checkReply(f)
			found = found || aoe.Frame(f).Tag() == tag
		}
		a.received += n
		if found {
			return
		}
		if n == 0 && time.Now().After(again) {
			a.link.Send(a.friendly())
			again = time.Now().Add(2 * time.Second)
		}
		if n == 0 {
			a.link.Wait(time.Second)
		}
	}
	if !a.vblade.Alive() {
		a.t.Fatalf("vblade ended: %v\n%s", a.vblade.Wait(), a.vblade.Stderr())
	}
	a.t.Fatalf("round %d is not answered", a.round)
}

// isQuestion reports whether a frame is the one question of the target's own: who
// else has its address.
func (a *attack) isQuestion(f aoe.Frame) bool {
	if a.asked || len(f) < aoe.ConfigLen || f.Has(aoe.FlagResponse) || f.Dst() != aoe.Broadcast {
		return false
	}
	a.asked = f.Src() == a.mac && f.Command() == aoe.CommandConfig && f.Shelf() == frametest.Shelf && f.Slot() == frametest.Slot
	return a.asked
}

// checkReply checks what holds for every frame that a target may send.
func (a *attack) checkReply(f aoe.Frame) {
	a.t.Helper()
	switch {
	case len(f) < aoe.MinLen || len(f) > aoe.EthernetHeaderLen+1500:
		a.t.Fatalf("a reply of %d bytes", len(f))
	case f.Src() != a.mac || !f.Has(aoe.FlagResponse) || f.Shelf() != frametest.Shelf || f.Slot() != frametest.Slot:
		a.t.Fatalf("not a reply of this target's: %x", []byte(f[:aoe.HeaderLen]))
	case bytes.Contains(f, []byte(guardText)):
		a.t.Fatalf("a reply holds what lies outside the export: %x", []byte(f))
	}
}

// checkServes checks that the target serves the friend as if nothing had been:
// its disk, which is the file's inside, and its state.
func (s *site) checkServes(file *os.File) {
	s.t.Helper()
	target := s.find(initiator.Options{MAC: frametest.Friend}, frametest.Shelf, frametest.Slot)
	got, want := make([]byte, frametest.Sectors*sectorSize), make([]byte, frametest.Sectors*sectorSize)
	_, err := target.ReadAt(got, 0)
	s.must(err)
	_, err = file.ReadAt(want, guardSectors*sectorSize)
	s.must(err)
	if !bytes.Equal(got, want) {
		s.t.Error("what is read is not what the file holds")
	}
	rand.NewChaCha8([32]byte{1}).Read(want)
	_, err = target.WriteAt(want, 0)
	s.must(err)
	s.must(target.Flush())
	if _, err = file.ReadAt(got, guardSectors*sectorSize); err != nil || !bytes.Equal(got, want) {
		s.t.Errorf("the file does not hold what was written: %v", err)
	}
	if id, err := target.Identify(); err != nil || id.Sectors != frametest.Sectors {
		s.t.Errorf("IDENTIFY tells %d sectors: %v", id.Sectors, err)
	}
	if text, err := target.ConfigString(aoe.ConfigForceSet, "in peace"); err != nil || text != "in peace" {
		s.t.Errorf("the config string is %q: %v", text, err)
	}
	if list, err := target.Reservation(); err != nil || len(list) > 0 {
		s.t.Errorf("the target is reserved for %v: %v", list, err)
	}
	if list, err := target.Masks(); err != nil || len(list) < 2 || list[0] != frametest.Friend {
		s.t.Errorf("the mask list is %v: %v", list, err)
	}
}
