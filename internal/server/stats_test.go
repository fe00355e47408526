// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/stats"
	"vblade/test/frametest"
)

// TestStatsOfTable sends every frame of the table and compares what is counted
// with what went over the link.
func TestStatsOfTable(t *testing.T) {
	eachCase(t, func(t *testing.T, c frametest.Case, kind diskKind) {
		s := serve(t, c.Export, kind)
		s.run(c.Before)
		s.pass(c.Request)
		s.end()
		all := s.server.Stats()
		got := all.Exports[0]
		if want := expect(s, c); fmt.Sprint(figures(got)) != fmt.Sprint(want) {
			t.Errorf("counted %+v; want %+v", figures(got), want)
		}
		frames := uint64(len(c.Frames())) + s.probes()
		answered := uint64(s.link.Refused())
		for _, r := range s.link.Replies() {
			if aoe.Frame(r).Tag() != 0 { // of advertisements
				answered++
			}
		}
		if n := served(got, stats.Read, stats.Write, stats.Flush, stats.Other); n != answered {
			t.Errorf("%d service times for %d replies", n, answered)
		}
		if n := served(got, stats.Read, stats.Write, stats.Flush); n != got.Reads+got.Writes+got.Flushes {
			t.Errorf("%d service times of reads, writes and flushes; counted %+v", n, figures(got))
		}
		want := stats.Link{
			Name:     "memory0",
			Received: frames,
			Ignored:  frames - answered,
			Sent:     uint64(len(s.link.Replies())),
			Unsent:   uint64(s.link.Refused()),
			Receive:  "memory",
			Send:     "memory",
			WhySend:  "nothing is faster",
		}
		if all.Links[0] != want {
			t.Errorf("counted on the link %+v; want %+v", all.Links[0], want)
		}
	})
}

// probes is how many frames pass has added to those of a test.
func (s *session) probes() uint64 { return uint64(s.probe.Tag() - firstProbe) }

// figures are what the test knows of an export's counters: not the times, nor what
// it knows beforehand.
func figures(e stats.Export) stats.Export {
	e.Service, e.Links, e.Bytes, e.ReadOnly, e.Failing, e.FlushFailed = stats.Service{}, nil, 0, false, false, false
	e.Recent, e.Initiators, e.Repeated = stats.Recent{}, 0, 0
	return e
}

// served returns how many requests of some operations were answered.
func served(e stats.Export, operations ...stats.Operation) uint64 {
	var t stats.Times
	for _, op := range operations {
		t.Add(e.Service[op])
	}
	return t.Count()
}

// expect is what should be counted in a session that went through a case: told
// from the requests and their replies, but for the masks, which the reference knows.
func expect(s *session, c frametest.Case) stats.Export {
	e := stats.Export{Shelf: frametest.Shelf, Slot: frametest.Slot}
	e.Errors[blade.FaultCommand] = s.probes()
	ref := newReference(c.Export)
	for _, m := range c.Export.Masks {
		ref.masks = append(ref.masks, m[:])
	}
	for _, step := range append(c.Before[:len(c.Before):len(c.Before)], frametest.Step{Frame: c.Request}) {
		f := step.Frame
		if f == nil {
			ref.mtu = step.MTU
			continue
		}
		if isForUs(f) && len(ref.masks) > 0 && !holds(ref.masks, f[6:12]) {
			e.Masked++
		}
		if ref.answer(f).reply != nil {
			expectReply(&e, f, s.link.Reply(aoe.Frame(f).Tag()), c.Export)
		}
	}
	return e
}

// expectReply adds what one reply shows.
func expectReply(e *stats.Export, request, reply aoe.Frame, export frametest.Export) {
	refused := reply.Has(aoe.FlagError) && (!request.Has(aoe.FlagError) || request.Error() != reply.Error())
	switch {
	case refused:
		e.Errors[reply.Error()]++
		return
	case reply.Command() != aoe.CommandATA:
		return
	case reply.ATAError() == ata.ErrorNotFound:
		e.Errors[blade.FaultNotFound]++
		return
	case reply.ATAStatus()&ata.StatusError != 0 && wentToDisk(request, export):
		e.Errors[blade.FaultDisk]++
	case reply.ATAStatus()&ata.StatusError != 0:
		e.Errors[blade.FaultAborted]++
	}
	if !wentToDisk(request, export) {
		return
	}
	done := uint64(request.ATACount()-reply.ATACount()) * sectorSize
	switch request.ATACommand() {
	case ata.Read, ata.ReadExt:
		e.Reads++
		e.ReadBytes += done
	case ata.Write, ata.WriteExt:
		e.Writes++
		e.WriteBytes += done
	default:
		e.Flushes++
	}
}

// wentToDisk reports whether a command that was neither refused by AoE nor beyond
// the disk's end is one for the disk.
func wentToDisk(request aoe.Frame, export frametest.Export) bool {
	switch request.ATACommand() {
	case ata.Read, ata.ReadExt:
		return request.ATACount() > 0
	case ata.Write, ata.WriteExt:
		return request.ATACount() > 0 && !export.ReadOnly
	}
	return request.ATACommand() == ata.FlushCache || request.ATACommand() == ata.FlushCacheExt
}

// TestStatsMeanwhile reads the counters all the time while requests of all kinds
// are served, on disks of all paces: they only grow, and add up at the end.
func TestStatsMeanwhile(t *testing.T) {
	for name, pace := range paceOf {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			random := rand.New(rand.NewPCG(3, 7))
			store := newSlowStore(func() time.Duration {
				mu.Lock()
				defer mu.Unlock()
				return pace(random)
			})
			s := serveBlades(t, frametest.NewLink(9000), bufferLen, blade.New(store, blade.Config{Shelf: 9}))
			stop := s.watchStats()
			const reads, writes, flushes = 300, 200, 10
			const wave = 30 // what waits for more than a second to be received is dropped
			for tag := range uint32(reads + writes + flushes) {
				switch {
				case tag < writes:
					s.link.Deliver(transferFrame(tag, uint64(tag%20), 2, make([]byte, 2*sectorSize)))
				case tag < writes+reads:
					s.link.Deliver(transferFrame(tag, uint64(tag%20), 3, nil))
				default:
					s.link.Deliver(flushFrame(tag))
				}
				if tag%wave == wave-1 && !s.link.Await(s.link.Drained) {
					t.Fatal("the server does not receive any more")
				}
			}
			s.end()
			stop()
			e := s.server.Stats().Exports[0]
			want := stats.Export{Shelf: 9, Reads: reads, ReadBytes: reads * 3 * sectorSize,
				Writes: writes, WriteBytes: writes * 2 * sectorSize, Flushes: flushes}
			if fmt.Sprint(figures(e)) != fmt.Sprint(want) ||
				served(e, stats.Read) != reads || served(e, stats.Write) != writes || served(e, stats.Flush) != flushes || served(e, stats.Other) != 0 {
				t.Errorf("counted %+v, and of times %d, %d, %d, %d; want %+v", figures(e),
					served(e, stats.Read), served(e, stats.Write), served(e, stats.Flush), served(e, stats.Other), want)
			}
			times := e.Service.Times()
			if q := times.Quantile(1); q <= 0 || q > 2*patience {
				t.Errorf("the longest took %v", q)
			}
		})
	}
}

// watchStats reads the counters again and again until the function that it
// returns is called, and checks that they never go back.
func (s *session) watchStats() (stop func()) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		var last stats.Export
		var answered uint64
		for {
			e := s.server.Stats().Exports[0]
			before := answered
			answered = served(e, stats.Read, stats.Write, stats.Flush, stats.Other)
			if e.Reads < last.Reads || e.Writes < last.Writes || e.Flushes < last.Flushes || answered < before ||
				e.InFlight < 0 || e.InFlight > buffers {
				s.t.Errorf("after %+v the counters are %+v", figures(last), figures(e))
				return
			}
			last = e
			select {
			case <-done:
				return
			default:
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// sleepyStore is a store at whose every read the leader falls asleep.
type sleepyStore struct {
	*slowStore
}

// TryReadAt reads, as if nothing had to be waited for.
func (s sleepyStore) TryReadAt(vecs [][]byte, off int64) error {
	_, err := s.ReadAt(vecs, off)
	return err
}

// TestServiceTime has reads take their time, with the leader and with a worker,
// and compares what is counted with what an initiator sees.
func TestServiceTime(t *testing.T) {
	const nap = 20 * time.Millisecond // twice a sector
	slow := newSlowStore(func() time.Duration { return nap })
	for name, store := range map[string]ata.Store{"worker": slow, "leader": sleepyStore{slow}} {
		t.Run(name, func(t *testing.T) {
			s := serveBlades(t, frametest.NewLink(1500), bufferLen, blade.New(store, blade.Config{Shelf: 9}))
			longest := time.Duration(0)
			for tag := uint32(1); tag <= 5; tag++ {
				begin := time.Now()
				s.link.Deliver(transferFrame(tag, 0, 1, nil))
				if !s.link.Await(func() bool { return s.link.Reply(tag) != nil }) {
					t.Fatal("not answered")
				}
				longest = max(longest, time.Since(begin))
			}
			s.end()
			service := s.server.Stats().Exports[0].Service
			times := service.Times()
			if least, most := times.Quantile(0), times.Quantile(1); least < 2*nap || most > 2*longest {
				t.Errorf("reads took from %v to %v, as is counted; the disk takes %v and the initiator waited %v", least, most, 2*nap, longest)
			}
		})
	}
}
