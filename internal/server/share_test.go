// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"fmt"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/internal/stats"
	"vblade/test/frametest"
)

// hangingFleet is a fleet whose first exports hang once its gate is shut.
func hangingFleet(t *testing.T, links, buffers, exports, hanging int) (*fleet, *gate) {
	f, g := newFleet(t, links, buffers), new(gate)
	for i := range exports {
		if i < hanging {
			f.add(bladeOf(i, g.pass))
		} else {
			f.add(bladeOf(i, atOnce))
		}
	}
	f.serve(patience)
	t.Cleanup(g.open)
	return f, g
}

// unrulyFleet is a fleet, on an engine of some kind, whose first export has an unruly
// disk. The others have disks that take no time. Before it serves, set changes it.
func unrulyFleet(t *testing.T, kind engineKind, links, buffers, exports int, set ...func(*server.Server)) (*fleet, unruly) {
	f, disk := newFleetOn(t, kind, links, buffers), kind.disk(t)
	for _, set := range set {
		set(f.server)
	}
	shelf, slot := addressOf(0)
	f.add(blade.New(disk.store(), blade.Config{Shelf: shelf, Slot: slot, Host: "h"}))
	for i := 1; i < exports; i++ {
		f.add(bladeOf(i, atOnce))
	}
	f.serve(patience)
	t.Cleanup(disk.release)
	return f, disk
}

// flood sends n requests to the i-th export by a link, downwards so that no two
// make one call, and waits until they were received.
func (f *fleet) flood(l *frametest.Link, i, n int) {
	f.t.Helper()
	for k := range n {
		l.Deliver(sentTo(i, transferFrame(f.next(), uint64(engineSectors-1-k%engineSectors), 1, nil)))
	}
	if !l.Await(l.Drained) {
		f.t.Fatal("the server does not receive any more")
	}
}

// export returns what was counted of the i-th export.
func (f *fleet) export(i int) stats.Export { return f.server.Stats().Exports[i] }

// TestOneExportHangs has one of several exports hang with all that can be sent to
// it: the others are answered by the same link and another, a broadcast by all,
// and its own config queries; when it goes on nothing is lost.
func TestOneExportHangs(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		const n = 1000
		f, disk := unrulyFleet(t, kind, 2, 128, 20)
		f.ask(f.links[0], transferFrame(0, 1, 1, nil))
		disk.hang(ata.OpRead, 0, unrulySectors)
		first := f.tag + 1
		f.flood(f.links[0], 0, n)
		for round := range 5 {
			for i := range 20 {
				l := f.links[(i+round)%2]
				f.ask(l, sentTo(i, configFrame(0, aoe.ConfigRead, "")))
				if i > 0 {
					f.ask(l, sentTo(i, transferFrame(0, 1, 2, make([]byte, 2*sectorSize))))
					f.ask(l, sentTo(i, transferFrame(0, 1, 2, nil)))
					f.ask(l, sentTo(i, flushFrame(0)))
				}
			}
			f.links[0].Deliver(sentToAll(configFrame(f.next(), aoe.ConfigRead, "")))
			f.checkAnswers(f.answers(f.links[0], f.tag, 20), 20, func(int) bool { return true })
		}
		shed := f.export(0).Shed
		if shed == 0 {
			t.Error("an export that hangs may use all buffers")
		}
		disk.release()
		f.settled()
		answered := uint64(0)
		for tag := first; tag < first+n; tag++ {
			if f.links[0].Reply(tag) != nil {
				answered++
			}
		}
		if answered+shed != n {
			t.Errorf("of %d requests %d are answered and %d dropped", n, answered, shed)
		}
	})
}

// TestManyExportsHang has more exports hang than a port has buffers to spare: who
// asks for anything that needs no disk is answered by all.
func TestManyExportsHang(t *testing.T) {
	const exports, hanging = 100, 90
	f, g := hangingFleet(t, 1, 64, exports, hanging)
	g.shut()
	l := f.links[0]
	for i := range hanging {
		f.flood(l, i, 20)
	}
	for i := range exports {
		f.ask(l, sentTo(i, configFrame(0, aoe.ConfigRead, "")))
	}
	l.Deliver(sentToAll(configFrame(f.next(), aoe.ConfigRead, "")))
	f.checkAnswers(f.answers(l, f.tag, exports), exports, func(int) bool { return true })
	g.open()
	f.settled()
	for i := range exports {
		f.ask(l, sentTo(i, transferFrame(0, 1, 1, nil)))
	}
}

// TestCrewIsShared has several exports hang one after the other, each with more
// requests than there are workers: whoever comes next still gets one.
func TestCrewIsShared(t *testing.T) {
	const hanging = 4
	f, g := hangingFleet(t, 1, 5*server.CrewSize, hanging+1, hanging)
	g.shut()
	l := f.links[0]
	for i := range hanging {
		f.flood(l, i, 2*server.CrewSize)
		f.ask(l, sentTo(hanging, flushFrame(0))) // a flush is a worker's
	}
	if n := g.calls(); n >= server.CrewSize+server.LeadCount-1 {
		t.Errorf("%d calls hang, of all workers", n)
	}
	g.open()
	f.settled()
}

// TestAnyNumberHangs has so many exports hang that each of them could keep a worker and
// a buffer, one after the other: the last one is served on, and each of them once its
// disk goes on. Then no more workers are left than at first.
func TestAnyNumberHangs(t *testing.T) {
	const hanging = 2 * server.CrewSize
	f, g := hangingFleet(t, 1, 5*server.CrewSize, hanging+1, hanging)
	g.shut()
	l := f.links[0]
	for i := range hanging {
		f.flood(l, i, 20)
		f.ask(l, sentTo(hanging, flushFrame(0))) // a flush is a worker's
	}
	for range 20 {
		f.ask(l, sentTo(hanging, transferFrame(0, 1, 2, make([]byte, 2*sectorSize))))
		f.ask(l, sentTo(hanging, transferFrame(0, 1, 2, nil)))
		f.ask(l, sentTo(hanging, flushFrame(0)))
	}
	eventually(t, func() bool { return g.calls() >= hanging }, "not every disk has a call")
	if n := g.calls(); n > server.CrewSize+hanging+server.LeadCount {
		t.Errorf("%d calls hang of %d disks", n, hanging)
	}
	g.open()
	f.settled()
	for i := range hanging + 1 {
		f.ask(l, sentTo(i, flushFrame(0)))
	}
	eventually(t, func() bool { return f.server.Workers() <= server.CrewSize+1 }, "the workers that came do not go")
}

// TestAddedToHanging adds exports while the only one before them hangs with all workers:
// they are served.
func TestAddedToHanging(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		f, disk := unrulyFleet(t, kind, 1, 5*server.CrewSize, 1)
		l, before := f.links[0], disk.entered(ata.OpRead)
		disk.hang(ata.OpRead, 0, unrulySectors)
		for i := range uint64(server.CrewSize + 11) {
			l.Deliver(transferFrame(f.next(), 3*i, 1, nil))
		}
		eventually(t, func() bool { return disk.entered(ata.OpRead)-before >= server.CrewSize }, "not all workers hang")
		for i := 1; i < 4; i++ {
			f.add(bladeOf(i, atOnce))
			f.ask(l, sentTo(i, flushFrame(0)))
		}
		disk.release()
		f.settled()
	})
}

// TestSoleExportHangs has the only export hang with all that can be sent to it:
// after a wait that ends, what needs no disk is answered.
func TestSoleExportHangs(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		for links := 1; links <= 2; links++ {
			testSoleExportHangs(t, kind, links)
		}
	})
}

// testSoleExportHangs is TestSoleExportHangs with so many links.
func testSoleExportHangs(t *testing.T, kind engineKind, links int) {
	f, disk := unrulyFleet(t, kind, links, 64, 1, (*server.Server).ShedSoon)
	disk.hang(ata.OpRead, 0, unrulySectors)
	l := f.links[links-1]
	f.flood(l, 0, 200)
	begin := time.Now()
	f.ask(l, sentTo(0, configFrame(0, aoe.ConfigRead, "")))
	f.flood(l, 0, 100)
	f.ask(l, sentTo(0, configFrame(0, aoe.ConfigRead, "")))
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("the config queries take %v", took)
	}
	if f.export(0).Shed == 0 {
		t.Error("nothing is dropped")
	}
	f.add(bladeOf(1, atOnce)) // another is served though the first has all workers
	f.ask(l, sentTo(1, configFrame(0, aoe.ConfigRead, "")))
	disk.release()
	f.settled()
	f.ask(l, transferFrame(0, 1, 1, nil))
	f.ask(l, sentTo(1, transferFrame(0, 1, 1, nil)))
}

// TestSoleExportIsBusy sends the only export, whose disk is slow, more than there
// are buffers: nothing is dropped.
func TestSoleExportIsBusy(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		f, disk := unrulyFleet(t, kind, 1, 64, 1)
		disk.slow(func() time.Duration { return 2 * time.Millisecond })
		f.flood(f.links[0], 0, 1000)
		f.settled()
		if e := f.export(0); e.Shed > 0 || e.Reads != 1000 {
			t.Errorf("%d are dropped, %d read", e.Shed, e.Reads)
		}
	})
}

// TestKeptLeads has the disks of several exports hang at their first request, each
// of which the leader does itself: as long as another lead stands by, and no
// longer. When the disks go on all stand by again.
func TestKeptLeads(t *testing.T) {
	for hanging := 2; hanging <= server.LeadCount+1; hanging++ {
		f, g := newFleet(t, 1, 100), new(gate)
		for i := range hanging {
			shelf, slot := addressOf(i)
			f.add(blade.New(newSlowStore(g.pass), blade.Config{Shelf: shelf, Slot: slot}))
		}
		f.add(bladeOf(hanging, atOnce))
		f.serve(patience)
		t.Cleanup(g.open)
		g.shut()
		l := f.links[0]
		for i := range hanging {
			l.Deliver(sentTo(i, transferFrame(f.next(), 0, 1, make([]byte, sectorSize))))
			eventually(t, func() bool { return g.calls() == i+1 }, "a request does not reach its disk")
			f.ask(l, sentTo(i, configFrame(0, aoe.ConfigRead, "")))
			f.ask(l, sentTo(hanging, transferFrame(0, 1, 1, make([]byte, sectorSize))))
			f.ask(l, sentTo(hanging, transferFrame(0, 1, 1, nil)))
			eventually(t, func() bool { return f.server.Standing() == max(0, server.LeadCount-2-i) },
				fmt.Sprintf("%d of %d hang, and not just the other leads stand by", i+1, hanging))
		}
		g.open()
		f.settled()
		eventually(t, func() bool { return f.server.Standing() == server.LeadCount-1 }, "not all leads stand by again")
		for i := range hanging {
			f.ask(l, sentTo(i, transferFrame(0, 1, 1, nil)))
		}
		f.end()
	}
}

// rationedStore is a disk that reads once for each turn that it is given.
type rationedStore struct {
	*slowStore
	turns chan struct{}
}

// ReadAt waits for a turn, and reads.
func (s *rationedStore) ReadAt(vecs [][]byte, off int64) (int, error) {
	<-s.turns
	return s.slowStore.ReadAt(vecs, off)
}

// TestSharesInTime has the only export, with all buffers that it may have, end a
// request now and then: a frame that has come meanwhile is answered before it is too
// old. A machine that is busy may need several tries.
func TestSharesInTime(t *testing.T) {
	least := patience
	for try := 0; least >= server.MaxAge; try++ {
		if try == 5 {
			t.Fatalf("a frame waits for %v", least)
		}
		least = min(least, timeForShare(t))
	}
}

// timeForShare returns how long a frame waits in TestSharesInTime.
func timeForShare(t *testing.T) time.Duration {
	f, disk := newFleet(t, 1, 64), &rationedStore{newSlowStore(atOnce), make(chan struct{})}
	f.server.ShedSoon()
	shelf, slot := addressOf(0)
	f.add(blade.New(disk, blade.Config{Shelf: shelf, Slot: slot}))
	f.serve(patience)
	l := f.links[0]
	var frames [][]byte
	for k := range 64 {
		frames = append(frames, sentTo(0, transferFrame(f.next(), uint64(engineSectors-1-k%engineSectors), 1, nil)))
	}
	l.Deliver(frames...)
	eventually(t, func() bool { return f.export(0).InFlight >= 48 }, "the export does not use its share")
	answered, home := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(home)
		defer close(disk.turns)
		tick := time.NewTicker(300 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-answered:
				return
			case <-tick.C:
				disk.turns <- struct{}{}
			}
		}
	}()
	defer func() { <-home }()
	defer close(answered)
	begin := time.Now()
	f.ask(l, sentTo(0, configFrame(0, aoe.ConfigRead, "")))
	return time.Since(begin)
}
