// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/test/frametest"
)

// What a link's Down says in these tests.
var (
	errDown    = errors.New("the interface is down")
	errCarrier = errors.New("no carrier")
	errGone    = errors.New("the interface is gone")
)

// newMAC is the address that the link of these tests changes to.
var newMAC = aoe.MAC{2, 0, 0, 0, 0, 9}

// change has the link change, twice the same, and returns when the server has
// taken it in.
func (s *session) change(mtu int, mac aoe.MAC, down error) {
	s.t.Helper()
	for range 2 { // the first turn may be one that was under way
		before := s.link.Receives()
		s.link.Change(mtu, mac, down)
		if !s.link.Await(func() bool { return s.link.Receives() > before }) {
			s.t.Fatal("a change of the link ends no Wait")
		}
	}
}

// advertisements returns the frames that were sent unasked.
func (s *session) advertisements() []aoe.Frame {
	var unasked []aoe.Frame
	for _, f := range s.link.Replies() {
		if f := aoe.Frame(f); f.Command() == aoe.CommandConfig && f.Tag() == 0 {
			unasked = append(unasked, f)
		}
	}
	return unasked
}

// TestLinkChanges takes a link through its ups and downs: each change is logged
// once, and initiators hear of what they want to know.
func TestLinkChanges(t *testing.T) {
	own := frametest.Target
	s := serve(t, frametest.Export{}, plainDisk)
	s.pass()
	for i, step := range []struct {
		mtu        int
		mac        aoe.MAC
		down       error
		log        []string
		advertised bool
	}{
		{1500, own, nil, nil, false},
		{1500, own, errCarrier, []string{"no carrier" + waits}, false},
		{1500, own, nil, []string{"serving again"}, true},
		{1500, own, errDown, []string{"the interface is down" + waits}, false},
		{1500, own, errors.New("the interface is down"), nil, false},
		{1500, own, errGone, []string{"the interface is gone" + waits}, false},
		{9000, own, errGone, []string{"MTU 9000, 17 sectors a frame"}, false},
		{9000, newMAC, errDown, []string{"address 02:00:00:00:00:09", "the interface is down" + waits}, false},
		{9000, newMAC, nil, []string{"serving again"}, true},
		{1500, newMAC, nil, []string{"MTU 1500, 2 sectors a frame"}, true},
		{1500, own, nil, []string{"address 02:00:00:00:01:01"}, true},
		{9000, newMAC, nil, []string{"MTU 9000, 17 sectors a frame", "address 02:00:00:00:00:09"}, true},
		{9000, newMAC, nil, nil, false},
		{20000, newMAC, nil, []string{"MTU 20000, 19 sectors a frame"}, true}, // what the buffers hold
	} {
		s.link.Forget()
		before := s.log.Leveled()
		s.change(step.mtu, step.mac, step.down)
		want := ""
		for _, line := range step.log {
			want += level(line) + ": e265.4: memory0: " + line + "\n"
		}
		if got := strings.TrimPrefix(s.log.Leveled(), before); got != want {
			t.Errorf("step %d is logged as\n%swant\n%s", i, got, want)
		}
		s.checkAdvertised(i, step.advertised, step.mtu, step.mac)
		if step.down == nil {
			s.pass() // from the address that the link has now
			replies := s.link.Replies()
			if f := aoe.Frame(replies[len(replies)-1]); f.Src() != step.mac {
				t.Errorf("step %d: the reply is from %x; want %x", i, f.Src(), step.mac)
			}
		}
	}
}

// waits ends the line about a link that carries no frames.
const waits = "; waiting for the link"

// level is the level of a line about a link.
func level(line string) string {
	if strings.HasSuffix(line, waits) {
		return "warning"
	}
	return "info"
}

// checkAdvertised checks that a step was followed by one advertisement, or none.
func (s *session) checkAdvertised(step int, wanted bool, mtu int, mac aoe.MAC) {
	s.t.Helper()
	got := s.advertisements()
	if !wanted {
		if len(got) != 0 {
			s.t.Errorf("step %d: %d advertisements; want none", step, len(got))
		}
		return
	}
	if len(got) != 1 {
		s.t.Errorf("step %d: %d advertisements; want one", step, len(got))
		return
	}
	f, sectors := got[0], (min(mtu, bufferLen-14)-36)/sectorSize
	if f.Dst() != aoe.Broadcast || f.Src() != mac || int(f.ConfigSectors()) != sectors {
		s.t.Errorf("step %d: advertised to %x from %x with %d sectors; want all, %x and %d", step, f.Dst(), f.Src(), f.ConfigSectors(), mac, sectors)
	}
}

// TestStartDown starts a server while its link is down: it says so and
// advertises, to its masks, when the link is up.
func TestStartDown(t *testing.T) {
	link := frametest.NewLink(1500)
	link.Change(1500, frametest.Target, errGone)
	e := frametest.Export{Masks: []aoe.MAC{frametest.Friend, frametest.Stranger}}
	s := serveBlades(t, link, bufferLen, newBlade(e, e.NewStore()))
	s.change(1500, frametest.Target, errGone)
	if got, want := s.log.Leveled(), "warning: e265.4: memory0: the interface is gone; waiting for the link\n"; got != want {
		t.Errorf("logged %q; want %q", got, want)
	}
	if n := s.link.Dropped(); n > 0 {
		t.Errorf("%d frames were sent while the link was down", n)
	}
	s.change(1500, frametest.Target, nil)
	if got := s.advertisements(); len(got) != 2 || got[0].Dst() != frametest.Friend || got[1].Dst() != frametest.Stranger {
		t.Errorf("advertised: %x; want one to each mask", got)
	}
	if got := s.log.String(); strings.Count(got, "\n") != 2 || !strings.HasSuffix(got, "memory0: serving again\n") {
		t.Errorf("logged %q", got)
	}
	s.pass()
}

// TestNothingIsLostByItsLink has the link fall while a write is in flight: the
// write is done, its reply dropped, and the next one is answered.
func TestNothingIsLostByItsLink(t *testing.T) {
	began, hang := make(chan struct{}, 1), make(chan struct{})
	var calls atomic.Int32
	e := startEngine(t, func() time.Duration {
		if calls.Add(1) == 1 {
			began <- struct{}{}
			<-hang
		}
		return 0
	})
	data := bytes.Repeat([]byte{0x77}, sectorSize)
	e.link.Deliver(transferFrame(1, 3, 1, data))
	<-began
	e.link.Change(9000, frametest.Target, errDown)
	close(hang)
	written := func() bool {
		e.store.mu.Lock()
		defer e.store.mu.Unlock()
		return bytes.Equal(e.store.data[3*sectorSize:4*sectorSize], data)
	}
	for end := time.Now().Add(patience); !written(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the write in flight is not done")
		}
	}
	e.link.Deliver(transferFrame(2, 3, 1, nil)) // behind it in the order: it shows the write's end
	for end := time.Now().Add(patience); e.link.Dropped() < 2; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the replies were not dropped")
		}
	}
	e.link.Change(9000, frametest.Target, nil)
	e.link.Deliver(transferFrame(3, 3, 1, nil))
	if f := e.reply(3); !bytes.Equal(f[aoe.ATALen:], data) {
		t.Error("what was written while the link was down is not read")
	}
	if e.link.Reply(1) != nil || e.link.Reply(2) != nil {
		t.Error("a reply that the link did not carry arrived")
	}
}

// TestAddressUnderLoad changes the address while workers finish requests: each
// reply is from the one or the other, at the end from the last.
func TestAddressUnderLoad(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	e := startEngine(t, func() time.Duration { return 200 * time.Microsecond })
	tag := uint32(0)
	for round := range 40 {
		for range 1 + random.IntN(40) {
			tag++
			e.link.Deliver(transferFrame(tag, uint64(random.IntN(engineSectors)), 1, nil))
		}
		e.link.Change(9000, []aoe.MAC{frametest.Target, newMAC}[round%2], nil)
	}
	for k := uint32(1); k <= tag; k++ {
		if src := e.reply(k).Src(); src != frametest.Target && src != newMAC {
			t.Fatalf("reply %d is from %x", k, src)
		}
	}
	e.link.Deliver(transferFrame(tag+1, 0, 1, nil))
	if src := e.reply(tag + 1).Src(); src != newMAC {
		t.Errorf("the last reply is from %x; want %x", src, newMAC)
	}
}
