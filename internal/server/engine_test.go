// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/blade"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// The disk of the tests of order: so few sectors that most requests clash.
const (
	engineSectors = 24
	engineBuffers = 100
)

// engine is a server over a slow store, with a wire in memory.
type engine struct {
	t     testing.TB
	link  *frametest.Link
	store *slowStore
}

// startEngine starts an engine for the length of a test.
func startEngine(t testing.TB, delay func() time.Duration) *engine {
	e := &engine{t: t, link: frametest.NewLink(9000), store: newSlowStore(delay)}
	serveEngine(t, e.link.Host, e.link, blade.New(e.store, blade.Config{Shelf: 9, Host: "h"}))
	return e
}

// serveEngine serves a blade on a link for the length of a test.
func serveEngine(t testing.TB, host server.Host, link server.Link, b *blade.Blade) {
	bufs := make([][]byte, engineBuffers)
	for i := range bufs {
		bufs[i] = make([]byte, 10000)
	}
	s := newServer(t, host, link, bufs, new(frametest.Log), b)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Serve(ctx, patience)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// transferFrame returns a read, or the write of data.
func transferFrame(tag uint32, lba uint64, sectors int, data []byte) []byte {
	f := make(aoe.Frame, max(aoe.MinLen, aoe.ATALen+len(data)))
	f.SetHeader(aoe.Version, 0, aoe.CommandATA)
	f.SetSrc(frametest.Friend)
	f.SetTarget(9, 0)
	f.SetTag(tag)
	if data == nil {
		f.SetATARequest(aoe.ATAExtended, ata.ReadExt, uint8(sectors), lba)
	} else {
		f.SetATARequest(aoe.ATAExtended|aoe.ATAWrite, ata.WriteExt, uint8(sectors), lba)
		copy(f[aoe.ATALen:], data)
	}
	return f
}

// flushFrame returns a flush.
func flushFrame(tag uint32) []byte {
	f := aoe.Frame(transferFrame(tag, 0, 0, nil))
	f.SetATARequest(0, ata.FlushCache, 0, 0)
	return f
}

// reply waits for the reply to a tag and checks that it reports success.
func (e *engine) reply(tag uint32) aoe.Frame {
	e.t.Helper()
	if !e.link.Await(func() bool { return e.link.Reply(tag) != nil }) {
		e.t.Fatalf("request %#x is not answered", tag)
	}
	f := aoe.Frame(bytes.Clone(e.link.Reply(tag)))
	if f.Has(aoe.FlagError) || f.ATAStatus() != ata.StatusReady {
		e.t.Fatalf("request %#x is refused: % x", tag, f[:aoe.ATALen])
	}
	return f
}

// serial is the reference: a disk that does one request after the other.
type serial struct {
	data   []byte
	wanted map[uint32][]byte // data of each read, by tag
}

// request makes a random read or write, as the next in order.
func (r *serial) request(random *rand.Rand, tag uint32) []byte {
	n := 1 + random.IntN(8)
	lba := random.IntN(engineSectors - n + 1)
	own := r.data[lba*ata.SectorSize : (lba+n)*ata.SectorSize]
	if random.IntN(2) == 0 {
		r.wanted[tag] = bytes.Clone(own)
		return transferFrame(tag, uint64(lba), n, nil)
	}
	for i := range own {
		own[i] = byte(random.Uint32())
	}
	return transferFrame(tag, uint64(lba), n, own)
}

// paceOf are disks of different habits, for the ways through the engine.
var paceOf = map[string]func(*rand.Rand) time.Duration{
	"fast":   func(*rand.Rand) time.Duration { return 0 },
	"slow":   func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(300)) * time.Microsecond },
	"uneven": func(r *rand.Rand) time.Duration { return time.Duration(r.IntN(50)/49) * 4 * time.Millisecond },
}

// TestSerialEquivalence sends random requests that overlap to disks of all
// paces: replies and content must be those of a disk that does one at a time.
func TestSerialEquivalence(t *testing.T) {
	for name, pace := range paceOf {
		for seed := range uint64(4) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				t.Parallel()
				testSerialEquivalence(t, seed, pace)
			})
		}
	}
}

// testSerialEquivalence is one run of TestSerialEquivalence.
func testSerialEquivalence(t *testing.T, seed uint64, pace func(*rand.Rand) time.Duration) {
	random := rand.New(rand.NewPCG(seed, 7))
	var mu sync.Mutex
	delays := rand.New(rand.NewPCG(seed, 8))
	e := startEngine(t, func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return pace(delays)
	})
	ref := &serial{data: make([]byte, engineSectors*ata.SectorSize), wanted: map[uint32][]byte{}}
	tag := uint32(0)
	for range 60 {
		first := tag
		for range 1 + random.IntN(60) {
			tag++
			e.link.Deliver(ref.request(random, tag))
		}
		if random.IntN(3) > 0 {
			continue // more before these are answered
		}
		for k := first + 1; k <= tag; k++ {
			e.reply(k)
		}
	}
	for k := uint32(1); k <= tag; k++ {
		f := e.reply(k)
		if want := ref.wanted[k]; want != nil && !bytes.Equal(f[aoe.ATALen:], want) {
			t.Fatalf("read %d of sector %d does not see exactly the writes before it", k, f.ATALBA())
		}
	}
	if !bytes.Equal(e.store.data, ref.data) {
		t.Fatal("the disk does not hold what the last write of each sector left")
	}
}

// TestSlowRequestHoldsNoOther has one read hang: requests of other sectors are
// answered, one of the same sectors is answered after it.
func TestSlowRequestHoldsNoOther(t *testing.T) {
	hang := make(chan struct{})
	release := sync.OnceFunc(func() { close(hang) })
	defer release()
	var calls atomic.Int32
	e := startEngine(t, func() time.Duration {
		if calls.Add(1) == 1 {
			<-hang
		}
		return 0
	})
	e.link.Deliver(transferFrame(1, 0, 1, nil))
	for tag := uint32(2); tag < 50; tag++ {
		e.link.Deliver(transferFrame(tag, uint64(1+tag%20), 2, make([]byte, 2*ata.SectorSize)))
	}
	e.link.Deliver(transferFrame(50, 0, 1, make([]byte, ata.SectorSize)))
	e.link.Deliver(transferFrame(51, 5, 1, nil))
	for tag := uint32(2); tag < 50; tag++ {
		e.reply(tag)
	}
	e.reply(51)
	if e.link.Reply(1) != nil || e.link.Reply(50) != nil {
		t.Error("a hanging read, or a write behind it, is answered")
	}
	release()
	e.reply(1)
	e.reply(50)
}

// TestFlushIsBarrier checks that a flush is answered when, and only when, every
// write before it is durable, on a disk that reorders.
func TestFlushIsBarrier(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	var mu sync.Mutex
	e := startEngine(t, func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.IntN(500)) * time.Microsecond
	})
	for round := range uint32(30) {
		tag := round * 100
		for i := range uint32(engineSectors) {
			data := bytes.Repeat([]byte{byte(round + 1)}, ata.SectorSize)
			e.link.Deliver(transferFrame(tag+i, uint64(i), 1, data))
		}
		e.link.Deliver(flushFrame(tag + 99))
		e.reply(tag + 99)
		e.store.mu.Lock()
		for i, b := range e.store.durable {
			if b != byte(round+1) {
				t.Fatalf("round %d: byte %d was not durable when the flush was answered", round, i)
			}
		}
		e.store.mu.Unlock()
	}
}

// TestReservationIsBarrier reserves the target for another while slow writes
// are in flight: once that is answered the content does not change any more.
func TestReservationIsBarrier(t *testing.T) {
	e := startEngine(t, func() time.Duration { return 2 * time.Millisecond })
	for round := range uint32(20) {
		tag := 1 + round*100
		for i := range uint32(10) {
			data := bytes.Repeat([]byte{byte(round + 1)}, 2*ata.SectorSize)
			e.link.Deliver(transferFrame(tag+i, uint64(2*i), 2, data))
		}
		reserve := make(aoe.Frame, aoe.MinLen)
		reserve.SetHeader(aoe.Version, 0, aoe.CommandReserve)
		reserve.SetSrc(frametest.Friend)
		reserve.SetTarget(9, 0)
		reserve.SetTag(tag + 50)
		reserve.SetReserveRequest(aoe.ReserveForceSet, []aoe.MAC{{2, 2, 2, 2, 2, 2}})
		e.link.Deliver(reserve)
		e.link.Await(func() bool { return e.link.Reply(tag+50) != nil })
		e.store.mu.Lock()
		for i, b := range e.store.data[:20*ata.SectorSize] {
			if b != byte(round+1) {
				t.Fatalf("round %d: byte %d was yet to be written when the reservation was answered", round, i)
			}
		}
		e.store.mu.Unlock()
		release := bytes.Clone(reserve)
		aoe.Frame(release).SetTag(tag + 51)
		aoe.Frame(release).SetReserveRequest(aoe.ReserveForceSet, nil)
		e.link.Deliver(release)
		e.link.Await(func() bool { return e.link.Reply(tag+51) != nil })
	}
}
