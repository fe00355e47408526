// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
)

// TestRemovedExportHangs removes one of two exports while it hangs with more requests
// than there are workers: the other one still gets a worker.
func TestRemovedExportHangs(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		f, disk := unrulyFleet(t, kind, 1, 5*server.CrewSize, 2)
		f.ask(f.links[0], transferFrame(0, 0, 1, nil))
		disk.hang(ata.OpRead, 0, unrulySectors)
		l := f.links[0]
		for k := range 2 * server.CrewSize { // no two make one call, or read the same
			l.Deliver(transferFrame(f.next(), uint64(unrulySectors-1-k), 1, nil))
		}
		eventually(t, l.Drained, "the server does not receive any more")
		if err := f.server.Remove(nameOf(0), patience/20); err == nil {
			t.Error("the removal does not time out")
		}
		f.ask(l, sentTo(1, flushFrame(0))) // a flush is a worker's
		disk.release()
		f.settled()
	})
}

// TestAddedAgainWhileAllHangs removes the only export while it hangs with all buffers
// that it may have, and adds it again: what does not hang is done.
func TestAddedAgainWhileAllHangs(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		f, disk := unrulyFleet(t, kind, 1, 64, 1)
		f.ask(f.links[0], transferFrame(0, 0, 1, nil))
		disk.hang(ata.OpRead, 0, unrulySectors)
		f.flood(f.links[0], 0, 200)
		if err := f.server.Remove(nameOf(0), patience/20); err == nil {
			t.Error("the removal does not time out")
		}
		f.add(blade.New(disk.store(), blade.Config{Shelf: 9, Host: "h"}))
		for range 3 {
			f.ask(f.links[0], flushFrame(0))
		}
		disk.release()
		f.settled()
	})
}

// TestQueuedReadsAreDropped removes an export while it hangs with more reads than there
// are workers, and adds it again: a read that has not begun keeps its sector from nobody.
func TestQueuedReadsAreDropped(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		if kind.rings {
			return // a ring has begun with all of them
		}
		f, disk := unrulyFleet(t, kind, 1, 5*server.CrewSize, 2)
		f.ask(f.links[0], transferFrame(0, 0, 1, nil))
		disk.hang(ata.OpRead, 0, unrulySectors)
		l, last := f.links[0], uint64(0)
		for k := range 2 * server.CrewSize {
			last = uint64(unrulySectors - 1 - k)
			l.Deliver(transferFrame(f.next(), last, 1, nil))
		}
		eventually(t, l.Drained, "the server does not receive any more")
		if err := f.server.Remove(nameOf(0), patience/20); err == nil {
			t.Error("the removal does not time out")
		}
		f.add(blade.New(disk.store(), blade.Config{Shelf: 9, Host: "h"}))
		f.ask(l, transferFrame(0, last, 1, make([]byte, sectorSize)))
		disk.release()
		f.settled()
	})
}

// TestSoleExportHangsOnOneLink has the only export hang with all buffers of one of its
// links, while its initiator goes on over both: what needs no disk is answered, and does
// not wait for buffers again and again.
func TestSoleExportHangsOnOneLink(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		const rounds = 12
		f, disk := unrulyFleet(t, kind, 2, 64, 1)
		f.ask(f.links[0], transferFrame(0, 0, 1, nil))
		disk.hang(ata.OpRead, 0, unrulySectors)
		f.flood(f.links[0], 0, 200)
		f.ask(f.links[0], sentTo(0, configFrame(0, aoe.ConfigRead, "")))
		begin := time.Now()
		for k := range uint64(rounds) {
			f.links[1].Deliver(transferFrame(f.next(), 100+2*k, 1, nil))
			f.links[0].Deliver(transferFrame(f.next(), 50, 1, nil))
			f.ask(f.links[0], sentTo(0, configFrame(0, aoe.ConfigRead, "")))
		}
		if took := time.Since(begin); took > patience {
			t.Errorf("%d config queries take %v", rounds, took)
		}
		disk.release()
		f.settled()
	})
}

// TestRunsHang has two exports hang one after the other, each with one call for as
// many requests as the port has received: it still receives for the third export.
func TestRunsHang(t *testing.T) {
	const hanging, buffers = 2, engineSectors
	f, g := hangingFleet(t, 1, buffers, hanging+1, hanging)
	g.shut()
	l := f.links[0]
	for i := range hanging {
		var many, run [][]byte
		for range 2 * buffers { // after which as many are received at once
			many = append(many, sentTo(hanging, configFrame(f.next(), aoe.ConfigRead, "")))
		}
		l.Deliver(many...)
		f.answers(l, f.tag, 1)
		for k := range engineSectors {
			run = append(run, sentTo(i, transferFrame(f.next(), uint64(k), 1, nil)))
		}
		l.Deliver(run...)
		eventually(t, func() bool { return g.calls() > i }, "nothing comes to the disk")
	}
	f.ask(l, sentTo(hanging, configFrame(0, aoe.ConfigRead, "")))
	g.open()
	f.settled()
}

// TestBroadcastsWhileManyHang has more exports hang than a port has buffers to spare,
// and sends more broadcasts than there are buffers left: the port still receives, and
// whoever asks again is answered by all.
func TestBroadcastsWhileManyHang(t *testing.T) {
	const exports, hanging = 100, 90
	f, g := hangingFleet(t, 1, 64, exports, hanging)
	g.shut()
	l := f.links[0]
	for i := range hanging {
		f.flood(l, i, 20)
	}
	for range server.MaxSweeps {
		l.Deliver(sentToAll(configFrame(f.next(), aoe.ConfigRead, "")))
	}
	f.ask(l, sentTo(exports-1, configFrame(0, aoe.ConfigRead, "")))
	last := sentToAll(configFrame(f.next(), aoe.ConfigRead, ""))
	eventually(t, func() bool {
		l.Deliver(last)
		return len(f.answers(l, tagOf(last), 0)) == exports
	}, "not all exports answer a broadcast that is repeated")
	g.open()
	f.settled()
}

// TestBroadcastsKeepTheOrder has broadcasts use up the buffers of a port again and again,
// while a sector is written by that port and then by another: the latter remains.
func TestBroadcastsKeepTheOrder(t *testing.T) {
	const exports, rounds, pairs = 150, 20, 20
	f := newFleet(t, 2, 12)
	f.addAll(exports)
	f.serve(patience)
	first, second := f.links[0], f.links[1]
	for round := range rounds {
		first.Deliver(sentToAll(configFrame(f.next(), aoe.ConfigRead, "")))
		for pair := range pairs {
			older, newer := f.next(), f.next()
			first.Deliver(transferFrame(older, 1, 1, bytes.Repeat([]byte{1}, sectorSize)))
			second.Deliver(transferFrame(newer, 1, 1, bytes.Repeat([]byte{2}, sectorSize)))
			for i, l := range f.links {
				if !l.Await(func() bool { return l.Reply(older+uint32(i)) != nil }) {
					t.Fatal("a write is not answered")
				}
			}
			if got := f.ask(second, transferFrame(0, 1, 1, nil)); got[aoe.ATALen] != 2 {
				t.Fatalf("in round %d, pair %d, the older write remains", round, pair)
			}
		}
		first.Forget()
		second.Forget()
	}
}
