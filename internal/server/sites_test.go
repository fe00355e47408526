// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// gate is a disk's delay that lasts until it is opened, once it is shut.
type gate struct {
	mu     sync.Mutex
	opened chan struct{} // nil while the gate is open
	kept   int           // calls that have met it shut
}

// pass waits while the gate is shut.
func (g *gate) pass() time.Duration {
	g.mu.Lock()
	opened := g.opened
	if opened != nil {
		g.kept++
	}
	g.mu.Unlock()
	if opened != nil {
		<-opened
	}
	return 0
}

// shut has calls wait from now on.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.opened = make(chan struct{})
}

// open lets all calls go on.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
}

// calls returns how many calls have met the gate shut.
func (g *gate) calls() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kept
}

// TestRemoveDrains removes an export with requests in flight: it returns when they
// are answered, later frames find nothing, and others are served meanwhile.
func TestRemoveDrains(t *testing.T) {
	f := newFleet(t, 2, 40)
	g := new(gate)
	f.add(bladeOf(0, g.pass), bladeOf(1, atOnce))
	f.serve(patience)
	defer g.open()
	g.shut()
	var tags []uint32
	for i := range 10 {
		f.links[i%2].Deliver(sentTo(0, transferFrame(f.next(), uint64(2*i), 1, nil)))
		tags = append(tags, f.tag)
	}
	eventually(t, func() bool { return f.server.Stats().Exports[0].InFlight == 10 }, "not all is in flight")
	removed := make(chan error, 1)
	go func() { removed <- f.server.Remove(nameOf(0), patience) }()
	eventually(t, func() bool { return len(f.server.Stats().Exports) == 1 }, "the export stays")
	late := sentTo(0, transferFrame(f.next(), 1, 1, nil))
	f.links[0].Deliver(late)
	f.ask(f.links[0], sentTo(1, transferFrame(0, 1, 1, nil)))
	select {
	case err := <-removed:
		t.Fatalf("Remove returns before the requests end: %v", err)
	default:
	}
	if err := f.server.Remove(nameOf(0), patience); err == nil {
		t.Error("what is removed can be removed again")
	}
	g.open()
	if err := <-removed; err != nil {
		t.Error(err)
	}
	for i, tag := range tags {
		if f.links[i%2].Reply(tag) == nil {
			t.Errorf("request %d was in flight and is not answered", i)
		}
	}
	f.settled()
	if f.links[0].Reply(tagOf(late)) != nil {
		t.Error("a late frame is answered")
	}
}

// TestRemoveOfHungDisk removes an export whose disk hangs: it returns in time, and
// its port stays until the disk goes on. What has not begun by then never does,
// because the disk may have newer data from elsewhere, and nothing is answered.
func TestRemoveOfHungDisk(t *testing.T) {
	f := newFleet(t, 2, 40)
	g := new(gate)
	store := newSlowStore(g.pass)
	f.add(blade.New(store, blade.Config{Shelf: 9, Host: "h"}))
	f.serve(patience)
	defer g.open()
	g.shut()
	p := f.ports[1]
	for i := range 3 { // that clash
		f.links[1].Deliver(transferFrame(f.next(), 0, 1+i, bytes.Repeat([]byte{1}, (1+i)*sectorSize)))
	}
	eventually(t, func() bool { return f.server.Stats().Exports[0].InFlight == 3 }, "not all is in flight")
	if err := f.server.Detach(p); err == nil {
		t.Error("a port with an export can be detached")
	}
	if err := f.server.Remove(nameOf(0), 100*time.Millisecond); err == nil {
		t.Error("Remove says that nothing hangs")
	}
	if err := f.server.Detach(p); err == nil {
		t.Error("a port with requests in flight can be detached")
	}
	g.open()
	f.settled()
	for tag := uint32(1); tag <= 3; tag++ {
		if f.links[1].Reply(tag) != nil {
			t.Errorf("request %d is answered when the disk goes on", tag)
		}
	}
	store.mu.Lock()
	defer store.mu.Unlock()
	if store.data[0] != 1 || slices.Contains(store.data[sectorSize:3*sectorSize], 1) {
		t.Error("what had not begun is written")
	}
	if err := f.server.Detach(p); err != nil {
		t.Error(err)
	}
}

// TestAfterTheEnd asks a server that has ended for changes.
func TestAfterTheEnd(t *testing.T) {
	f := newFleet(t, 1, 20)
	f.addAll(1)
	f.serve(patience)
	f.ask(f.links[0], transferFrame(0, 1, 1, nil))
	f.end()
	_, err := f.server.Attach(f.host.NewLink(1500, "late"), [][]byte{make([]byte, bufferLen)})
	for name, err := range map[string]error{
		"Attach": err,
		"Add":    f.server.Add(bladeOf(1, atOnce), f.ports...),
		"Remove": f.server.Remove(nameOf(0), patience),
		"Detach": f.server.Detach(f.ports[0]),
	} {
		if !errors.Is(err, server.ErrEnded) {
			t.Errorf("%s after the end: %v", name, err)
		}
	}
}

// TestChangesAtTheEnd has many ask for changes while the server ends: each is done
// or refused, none hangs, and no goroutine is left.
func TestChangesAtTheEnd(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 20 {
		f := newFleet(t, 1, 20)
		f.serve(patience)
		var all sync.WaitGroup
		for k := range 4 {
			all.Add(1)
			go func() {
				defer all.Done()
				for i := k; ; i += 4 {
					if err := f.server.Add(bladeOf(i, atOnce), f.ports...); err != nil {
						if !errors.Is(err, server.ErrEnded) {
							t.Errorf("Add: %v", err)
						}
						return
					}
					if i%3 > 0 {
						continue
					}
					if err := f.server.Remove(nameOf(i), patience); err != nil && !errors.Is(err, server.ErrEnded) {
						t.Errorf("Remove: %v", err)
					}
				}
			}()
		}
		f.links[0].Deliver(sentToAll(configFrame(f.next(), aoe.ConfigRead, "")))
		f.links[0].Await(f.links[0].Drained)
		f.end()
		all.Wait()
	}
	eventually(t, func() bool { return runtime.NumGoroutine() <= before }, "goroutines are left")
}

// TestComeAndGo has exports and links come and go for a second, while frames of
// all kinds come by all links: those that stay are served, no request is lost and
// nothing is left.
func TestComeAndGo(t *testing.T) {
	const lasting, guests = 5, 20
	before := runtime.NumGoroutine()
	f := newFleet(t, 2, 100)
	f.addAll(lasting)
	f.serve(patience)
	stop := make(chan struct{})
	var all sync.WaitGroup
	run := func(loop func(random *rand.Rand)) {
		all.Add(1)
		go func() {
			defer all.Done()
			for random := rand.New(rand.NewPCG(9, uint64(len(f.links)))); ; {
				select {
				case <-stop:
					return
				default:
					loop(random)
				}
			}
		}()
	}
	for k := range 2 {
		run(func(random *rand.Rand) {
			i := lasting + 2*random.IntN(guests/2) + k
			if err := f.server.Add(bladeOf(i, func() time.Duration { return time.Millisecond / 4 }), f.ports[:1+random.IntN(2)]...); err != nil {
				t.Errorf("Add: %v", err)
			}
			runtime.Gosched()
			if err := f.server.Remove(nameOf(i), patience); err != nil {
				t.Errorf("Remove: %v", err)
			}
		})
	}
	n := 0
	run(func(*rand.Rand) { f.guestLink(n, lasting+guests); n++ })
	for _, l := range f.links {
		tag := uint32(1)
		run(func(random *rand.Rand) {
			l.Forget()
			for range 30 {
				frame := randomFrame(random, lasting+guests)
				frame.SetTag(1 << 24)
				l.Deliver(frame)
			}
			tag++
			l.Deliver(sentTo(int(tag)%lasting, configFrame(tag, aoe.ConfigRead, "")))
			if !l.Await(func() bool { return l.Reply(tag) != nil }) {
				t.Error("an export that stays is not served")
			}
		})
	}
	time.AfterFunc(time.Second, func() { close(stop) })
	all.Wait()
	f.settled()
	f.end()
	eventually(t, func() bool { return runtime.NumGoroutine() <= before }, "goroutines are left")
}

// guestLink puts a link into use with an export of its own, and takes it out again.
func (f *fleet) guestLink(n, i int) {
	l := f.host.NewLink(9000, fmt.Sprint("guest", n))
	bufs := make([][]byte, 20)
	for i := range bufs {
		bufs[i] = make([]byte, bufferLen)
	}
	p, err := f.server.Attach(l, bufs)
	if err != nil {
		f.t.Errorf("Attach: %v", err)
		return
	}
	if err := f.server.Add(bladeOf(i, atOnce), p); err != nil {
		f.t.Errorf("Add: %v", err)
	}
	for range 30 {
		l.Deliver(sentTo(i, transferFrame(1, 0, 1, nil)))
	}
	if err := f.server.Remove(nameOf(i), patience); err != nil {
		f.t.Errorf("Remove: %v", err)
	}
	if err := f.server.Detach(p); err != nil {
		f.t.Errorf("Detach: %v", err)
	}
	f.host.Leave(l)
}

// randomFrame is a frame of some kind to one of n exports, or to all.
func randomFrame(random *rand.Rand, n int) aoe.Frame {
	lba := uint64(random.IntN(engineSectors - 2))
	frames := []aoe.Frame{
		transferFrame(0, lba, 2, nil),
		transferFrame(0, lba, 2, make([]byte, 2*sectorSize)),
		flushFrame(0),
		identifyFrame(0),
		configFrame(0, aoe.ConfigForceSet, "x"),
		maskFrame(aoe.MaskRead, 0),
		aoe.Frame(reserveFrame(frametest.Friend, aoe.ReserveForceSet)),
	}
	f := frames[random.IntN(len(frames))]
	if random.IntN(50) == 0 {
		return sentToAll(f)
	}
	return sentTo(random.IntN(n), f)
}

// TestAddTwice serves a shelf and slot twice, and removes what there is not.
func TestAddTwice(t *testing.T) {
	f := newFleet(t, 2, 20)
	f.addAll(2)
	if err := f.server.Add(bladeOf(1, atOnce), f.ports[0]); err == nil || err.Error() != "e9.1 is served already" {
		t.Errorf("the second of one address: %v", err)
	}
	f.server.FillLanes()
	if err := f.server.Add(bladeOf(2, atOnce), f.ports[0]); err == nil || !strings.HasPrefix(err.Error(), "a server has at most 65535 exports, ") {
		t.Errorf("one more than there may be: %v", err)
	}
	if err := f.server.Remove("e9.7", patience); err == nil || err.Error() != "e9.7 is not served here" {
		t.Errorf("the removal of what there is not: %v", err)
	}
	if err := f.server.Remove(nameOf(1), patience); err != nil {
		t.Error(err)
	}
	f.add(blade.New(newSlowStore(atOnce), blade.Config{Shelf: 9, Slot: 1}))
	f.serve(patience)
	f.ask(f.links[1], sentTo(1, transferFrame(0, 1, 1, nil)))
}
