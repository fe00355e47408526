// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// checkAnswers checks that the exports of a fleet that are meant have answered
// once each, and no other.
func (f *fleet) checkAnswers(got map[string]int, exports int, meant func(i int) bool) {
	f.t.Helper()
	for i := range exports {
		want := 0
		if meant(i) {
			want = 1
		}
		if n := got[nameOf(i)]; n != want {
			f.t.Errorf("%s answers %d times, want %d", nameOf(i), n, want)
		}
		delete(got, nameOf(i))
	}
	if len(got) > 0 {
		f.t.Errorf("others answer: %v", got)
	}
}

// TestBroadcast sends frames that mean all exports, those of a shelf, or those
// with a slot: each answers once, for itself, however many there are.
func TestBroadcast(t *testing.T) {
	for _, n := range []int{1, 2, 40, 1000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			f := newFleet(t, 1, 100)
			f.addAll(n)
			f.serve(patience)
			l := f.links[0]
			for _, c := range []struct {
				shelf uint16
				slot  uint8
				meant func(i int) bool
			}{
				{aoe.EveryShelf, aoe.EverySlot, func(int) bool { return true }},
				{9, aoe.EverySlot, func(i int) bool { return i < fleetShelf }},
				{aoe.EveryShelf, 0, func(i int) bool { return i%fleetShelf == 0 }},
			} {
				want := 0
				for i := range n {
					if c.meant(i) {
						want++
					}
				}
				q := configFrame(f.next(), aoe.ConfigRead, "")
				q.SetTarget(c.shelf, c.slot)
				l.Deliver(q)
				f.answers(l, f.tag, want)
				f.settled() // whatever else would have come
				f.checkAnswers(f.answers(l, f.tag, want), n, c.meant)
			}
			before := f.ignored(l.Name())
			q := configFrame(f.next(), aoe.ConfigRead, "")
			q.SetTarget(7, aoe.EverySlot)
			l.Deliver(q)
			f.settled()
			if got := len(f.answers(l, f.tag, 0)); got != 0 || f.ignored(l.Name()) != before+1 {
				t.Errorf("%d answer for a shelf that there is not; %d frames were ignored", got, f.ignored(l.Name()))
			}
		})
	}
}

// TestBroadcastIsPaced has a thousand exports answer one frame: they take their
// time, and who is asked meanwhile does not wait for them.
func TestBroadcastIsPaced(t *testing.T) {
	const n = 1000
	f := newFleet(t, 1, 100)
	f.addAll(n)
	f.serve(patience)
	l := f.links[0]
	f.ask(l, sentTo(0, configFrame(0, aoe.ConfigRead, "")))
	eventually(t, func() bool { return len(l.Replies()) == n+1 }, "not every export is advertised")
	l.Forget()
	begin := time.Now()
	all, one := f.next(), f.next()
	l.Deliver(sentToAll(configFrame(all, aoe.ConfigRead, "")), sentTo(n-1, configFrame(one, aoe.ConfigRead, "")))
	f.answers(l, all, n)
	if took := time.Since(begin); took < (n/server.ChoreStep-1)*time.Millisecond {
		t.Errorf("a thousand replies leave within %v", took)
	}
	for i, r := range l.Replies() {
		if tagOf(r) == one && i > 2*server.ChoreStep+1 {
			t.Errorf("a reply to one export waits for %d to all", i)
		}
	}
}

// TestBroadcastFewBuffers has more exports answer than there are buffers.
func TestBroadcastFewBuffers(t *testing.T) {
	const n = 50
	f := newFleet(t, 1, 6)
	f.addAll(n)
	f.serve(patience)
	q := sentToAll(configFrame(f.next(), aoe.ConfigRead, ""))
	f.links[0].Deliver(q)
	f.checkAnswers(f.answers(f.links[0], f.tag, n), n, func(int) bool { return true })
	f.settled()
}

// TestBroadcastTakesItsPlace sends frames that change all exports, and behind each
// a question to one, by the same link or another: it sees the change.
func TestBroadcastTakesItsPlace(t *testing.T) {
	const n = 300
	f := newFleet(t, 2, 400)
	f.addAll(n)
	f.serve(patience)
	for round := range 20 {
		from, to := f.links[round%2], f.links[round/2%2]
		text := fmt.Sprint("round ", round)
		data := bytes.Repeat([]byte{byte(round + 1)}, ata.SectorSize)
		from.Deliver(
			sentToAll(configFrame(f.next(), aoe.ConfigForceSet, text)),
			sentToAll(transferFrame(f.next(), 3, 1, data)),
		)
		set, written := f.tag-1, f.tag
		i := n - 1 - round
		if r := f.ask(to, sentTo(i, configFrame(0, aoe.ConfigRead, ""))); !bytes.Equal(configString(r), []byte(text)) {
			t.Errorf("round %d: %s has the config string %q", round, nameOf(i), configString(r))
		}
		if r := f.ask(to, sentTo(i, transferFrame(0, 3, 1, nil))); !bytes.Equal(r[aoe.ATALen:], data) {
			t.Errorf("round %d: %s does not see the write to all", round, nameOf(i))
		}
		f.checkAnswers(f.answers(from, set, n), n, func(int) bool { return true })
		f.checkAnswers(f.answers(from, written, n), n, func(int) bool { return true })
		f.settled()
		for _, l := range f.links {
			l.Forget()
		}
	}
}

// configString returns the config string of a reply.
func configString(f aoe.Frame) []byte {
	s, _ := f.ConfigString()
	return s
}

// TestBroadcastsOverTwoLinks changes all exports by one link and then by the other:
// the later change holds, on whatever link an export is alone.
func TestBroadcastsOverTwoLinks(t *testing.T) {
	for _, alone := range []bool{false, true} {
		t.Run(fmt.Sprintf("alone on a link: %v", alone), func(t *testing.T) {
			const n = 200
			f := newFleet(t, 2, 400)
			for i := range n {
				ports := f.ports
				if alone && i < n-1 {
					ports = ports[1:]
				}
				if err := f.server.Add(bladeOf(i, atOnce), ports...); err != nil {
					t.Fatal(err)
				}
			}
			f.serve(patience)
			f.links[1].Deliver(sentToAll(configFrame(f.next(), aoe.ConfigForceSet, "first")))
			f.links[0].Deliver(sentToAll(configFrame(f.next(), aoe.ConfigForceSet, "second")))
			f.answers(f.links[1], f.tag-1, n)
			f.settled()
			if r := f.ask(f.links[0], sentTo(n-1, configFrame(0, aoe.ConfigRead, ""))); string(configString(r)) != "second" {
				t.Errorf("the config string is %q", configString(r))
			}
		})
	}
}

// TestBroadcastMasked has some exports not admit who asks.
func TestBroadcastMasked(t *testing.T) {
	const n = 60
	f := newFleet(t, 1, 100)
	for i := range n {
		shelf, slot := addressOf(i)
		cfg := blade.Config{Shelf: shelf, Slot: slot}
		if i%3 == 0 {
			cfg.Masks = []aoe.MAC{frametest.Stranger}
		}
		f.add(blade.New(newSlowStore(atOnce), cfg))
	}
	f.serve(patience)
	f.links[0].Deliver(sentToAll(configFrame(f.next(), aoe.ConfigRead, "")))
	f.answers(f.links[0], f.tag, n-n/3)
	f.settled()
	f.checkAnswers(f.answers(f.links[0], f.tag, 0), n, func(i int) bool { return i%3 != 0 })
	for i, e := range f.server.Stats().Exports {
		if want := uint64(1); i%3 == 0 && e.Masked != want {
			t.Errorf("%s counts %d frames as masked", nameOf(i), e.Masked)
		}
	}
}

// TestRemoveDuringBroadcast removes exports of two links while they answer
// broadcasts: those that stay answer all of them.
func TestRemoveDuringBroadcast(t *testing.T) {
	const n = 400
	f := newFleet(t, 2, 400)
	f.addAll(n)
	f.serve(patience)
	for round := range 5 {
		f.links[0].Deliver(sentToAll(configFrame(f.next(), aoe.ConfigRead, "")))
		f.links[1].Deliver(sentToAll(transferFrame(f.next(), 0, 1, nil)))
		for i := round; i < n/2; i += 5 {
			if err := f.server.Remove(nameOf(i), patience); err != nil {
				t.Fatal(err)
			}
		}
		for i, tag := range []uint32{f.tag - 1, f.tag} {
			f.answers(f.links[i], tag, n/2)
			f.settled()
			got := f.answers(f.links[i], tag, n/2)
			for i := n / 2; i < n; i++ {
				if got[nameOf(i)] != 1 {
					t.Fatalf("round %d: %s answers %d times", round, nameOf(i), got[nameOf(i)])
				}
			}
		}
	}
}

// TestAddDuringBroadcast adds an export while others answer what came before it:
// it is not changed by that.
func TestAddDuringBroadcast(t *testing.T) {
	const n = 300
	f := newFleet(t, 1, 100)
	f.addAll(n)
	f.serve(patience)
	l := f.links[0]
	f.ask(l, sentTo(0, configFrame(0, aoe.ConfigRead, "")))
	l.Deliver(sentToAll(configFrame(f.next(), aoe.ConfigForceSet, "old")))
	set := f.tag
	f.answers(l, set, 1)
	f.add(bladeOf(n, atOnce))
	f.answers(l, set, n)
	f.settled()
	if r := f.ask(l, sentTo(n, configFrame(0, aoe.ConfigRead, ""))); len(configString(r)) != 0 {
		t.Errorf("a new export has the config string %q", configString(r))
	}
}

// TestManyBroadcasts sends more broadcasts than a port works on at a time: as
// many are answered by all, and later ones again.
func TestManyBroadcasts(t *testing.T) {
	const n, more = 100, 3
	f := newFleet(t, 1, 200)
	f.addAll(n)
	l := f.links[0]
	first := f.tag + 1
	for range server.MaxSweeps + more {
		l.Deliver(sentToAll(configFrame(f.next(), aoe.ConfigRead, "")))
	}
	f.serve(patience)
	for i := range uint32(server.MaxSweeps) {
		f.checkAnswers(f.answers(l, first+i, n), n, func(int) bool { return true })
	}
	f.settled()
	if got := f.ignored(l.Name()); got != more {
		t.Errorf("%d broadcasts are ignored, want %d", got, more)
	}
	l.Deliver(sentToAll(configFrame(f.next(), aoe.ConfigRead, "")))
	f.checkAnswers(f.answers(l, f.tag, n), n, func(int) bool { return true })
}
