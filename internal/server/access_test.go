// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// initiators is how many hosts write in the tests of access. Host k writes
// nothing but bytes k+1, from address host(k).
const initiators = 10

// host returns the address of an initiator.
func host(k int) aoe.MAC { return aoe.MAC{2, 0, 0, 0, 9, byte(k)} }

// admin is the address from which the tests say who may write.
var admin = aoe.MAC{2, 0, 0, 0, 9, 0xad}

// rule is a way to say which hosts may write.
type rule struct {
	command aoe.Command
	change  func(f aoe.Frame, to []aoe.MAC) int // writes the request and returns its length
	read    func(f aoe.Frame) int
	list    func(f aoe.Frame) []aoe.MAC // what a reply says
	open    bool                        // an empty list admits every host
	masks   []aoe.MAC                   // at start
}

// rules are the ways that AoE has.
var rules = map[string]rule{
	"reservation": {
		command: aoe.CommandReserve,
		open:    true,
		change: func(f aoe.Frame, to []aoe.MAC) int {
			f.SetHeader(aoe.Version, 0, aoe.CommandReserve)
			return f.SetReserveRequest(aoe.ReserveForceSet, to)
		},
		read: func(f aoe.Frame) int {
			f.SetHeader(aoe.Version, 0, aoe.CommandReserve)
			return f.SetReserveRequest(aoe.ReserveRead, nil)
		},
		list: func(f aoe.Frame) (l []aoe.MAC) {
			for i := range f.ReserveCount() {
				l = append(l, f.ReserveMAC(i))
			}
			return l
		},
	},
	"masks": {
		command: aoe.CommandMask,
		masks:   []aoe.MAC{admin},
		change: func(f aoe.Frame, to []aoe.MAC) int {
			f.SetHeader(aoe.Version, 0, aoe.CommandMask)
			n := 0
			for k := range initiators {
				f.SetDirective(n, aoe.DirectiveDelete, host(k))
				n++
			}
			for _, m := range to {
				f.SetDirective(n, aoe.DirectiveAdd, m)
				n++
			}
			return f.SetMaskRequest(aoe.MaskEdit, n)
		},
		read: func(f aoe.Frame) int {
			f.SetHeader(aoe.Version, 0, aoe.CommandMask)
			return f.SetMaskRequest(aoe.MaskRead, 0)
		},
		list: func(f aoe.Frame) (l []aoe.MAC) {
			for i := range f.MaskCount() {
				if _, m := f.Directive(i); m != admin {
					l = append(l, m)
				}
			}
			return l
		},
	},
}

// gatekeeper knows who may write, as far as replies have told: its methods see
// every reply when it is sent, and every write when it takes effect.
type gatekeeper struct {
	rule rule

	mu      sync.Mutex
	wanted  []aoe.MAC // the list that was asked for last
	barred  [initiators]bool
	settled bool // a reply has told of wanted
	late    int  // writes that took effect after a reply that barred them
	between int  // writes that took effect while a list that bars them was not answered
}

// ask notes that a list is about to be asked for: who is in it may write from now on.
func (g *gatekeeper) ask(list []aoe.MAC) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wanted, g.settled = list, false
	for k := range initiators {
		g.barred[k] = g.barred[k] && !g.admits(k)
	}
}

// admits reports whether the list asked for last admits a host.
func (g *gatekeeper) admits(k int) bool {
	return g.rule.open && len(g.wanted) == 0 || slices.Contains(g.wanted, host(k))
}

// sent sees a reply: when one tells of the list, who is not in it is barred.
func (g *gatekeeper) sent(f aoe.Frame) {
	if f.Command() != g.rule.command || !slices.Equal(g.rule.list(f), g.wanted) {
		return
	}
	g.settled = true
	for k := range initiators {
		g.barred[k] = !g.admits(k)
	}
}

// wrote sees a write of a host take effect.
func (g *gatekeeper) wrote(k int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.barred[k] {
		g.late++
	} else if !g.settled && !g.admits(k) {
		g.between++
	}
}

// gateLink shows a gatekeeper what is sent.
type gateLink struct {
	*frametest.Link
	gate *gatekeeper
}

// Send sends frames.
func (l *gateLink) Send(frames [][]byte) (int, error) {
	l.gate.mu.Lock()
	defer l.gate.mu.Unlock()
	for _, f := range frames {
		l.gate.sent(f)
	}
	return l.Link.Send(frames)
}

// gateStore shows a gatekeeper what is written.
type gateStore struct {
	*slowStore
	gate *gatekeeper
}

// WriteAt writes vecs, a part of a sector at a time.
func (s *gateStore) WriteAt(vecs [][]byte, off int64) (int, error) {
	return s.transfer(vecs, off, func(own, v []byte) {
		s.gate.wrote(int(v[0]) - 1)
		copy(own, v)
	})
}

// stalling is a disk that keeps a leader now and then until it loses the lead.
func stalling(r *rand.Rand) time.Duration {
	return time.Duration(r.IntN(200)/199) * 12 * time.Millisecond
}

// TestAccessInFlight changes, again and again, who may write, while ten hosts
// write to disks of all paces: after the reply that says so, or any other that
// tells of it, no write of a host that is shut out takes effect.
func TestAccessInFlight(t *testing.T) {
	disks := map[string]func(*rand.Rand) time.Duration{"fast": paceOf["fast"], "slow": paceOf["slow"], "stalling": stalling}
	for name, rule := range rules {
		for disk, pace := range disks {
			for seed := range uint64(2) {
				t.Run(fmt.Sprint(name, " ", disk, " ", seed), func(t *testing.T) {
					t.Parallel()
					testAccessInFlight(t, rule, pace, seed)
				})
			}
		}
	}
}

// testAccessInFlight is one run of TestAccessInFlight.
func testAccessInFlight(t *testing.T, r rule, pace func(*rand.Rand) time.Duration, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 11))
	gate := &gatekeeper{rule: r}
	store := &gateStore{gate: gate, slowStore: newSlowStore(drawn(pace, seed))}
	link := &gateLink{Link: frametest.NewLink(9000), gate: gate}
	serveOn(t, link.Host, link, blade.New(store, blade.Config{Shelf: 9, Host: "h", Masks: r.masks}))
	tag := uint32(1 << 16)
	for range 40 {
		tag += 2
		gate.change(link, random, tag)
		if !link.Await(func() bool { return link.Reply(tag) != nil && link.Reply(tag+1) != nil }) {
			t.Fatal("a change of who may write is not answered")
		}
		link.Forget()
	}
	if gate.late > 0 {
		t.Errorf("%d writes took effect after the reply that shut them out", gate.late)
	}
	if gate.between == 0 {
		t.Error("no write was in flight when it was shut out: the test tested nothing")
	}
}

// change delivers writes of all hosts with a change of who may write among them,
// and behind it the question who may.
func (g *gatekeeper) change(link *gateLink, random *rand.Rand, tag uint32) {
	var list []aoe.MAC
	for k := range initiators {
		if random.IntN(3) == 0 {
			list = append(list, host(k))
		}
	}
	g.ask(list)
	frames := hostWrites(random, random.IntN(60))
	for i, build := range []func(aoe.Frame) int{
		func(f aoe.Frame) int { return g.rule.change(f, list) },
		g.rule.read,
	} {
		f := make(aoe.Frame, 1000)
		f.SetSrc(admin)
		f.SetTarget(9, 0)
		n := build(f)
		f.SetTag(tag + uint32(i))
		frames = append(frames, f[:n])
	}
	link.Deliver(append(frames, hostWrites(random, random.IntN(30))...)...)
}

// hostWrites returns n writes of random hosts.
func hostWrites(random *rand.Rand, n int) [][]byte {
	var frames [][]byte
	for range n {
		k, sectors := random.IntN(initiators), 1+random.IntN(3)
		lba := random.IntN(engineSectors - sectors + 1)
		data := bytes.Repeat([]byte{byte(k + 1)}, sectors*ata.SectorSize)
		f := aoe.Frame(transferFrame(0, uint64(lba), sectors, data))
		f.SetSrc(host(k))
		frames = append(frames, f)
	}
	return frames
}
