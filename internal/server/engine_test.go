// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"sync"
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
	engineShare   = 80 // requests in flight of which none is dropped, however slow the disk is
)

// engine is a server with a wire in memory.
type engine struct {
	*stage
	link  *frametest.Link
	store *slowStore // the disk, if startEngine made it
}

// startEngine starts an engine over a slow store for the length of a test.
func startEngine(t testing.TB, delay func() time.Duration) *engine {
	link, store := frametest.NewLink(9000), newSlowStore(delay)
	s := serveOn(t, link.Host, link, blade.New(store, blade.Config{Shelf: 9, Host: "h"}))
	return &engine{s, link, store}
}

// serveOn serves a blade on a link for the length of a test.
func serveOn(t testing.TB, host server.Host, link server.Link, b *blade.Blade) *stage {
	s := newStage(t, host, engineBuffers, bufferLen, link)
	s.add(b)
	s.serve(patience)
	return s
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
		e.t.Fatalf("request %#x is not answered; %s", tag, e.dropped())
	}
	f := aoe.Frame(bytes.Clone(e.link.Reply(tag)))
	if f.Has(aoe.FlagError) || f.ATAStatus() != ata.StatusReady {
		e.t.Fatalf("request %#x is refused: % x", tag, f[:aoe.ATALen])
	}
	return f
}

// dropped tells what the server has dropped, as it does for good reasons where a
// host is too slow for a test.
func (e *engine) dropped() string {
	s := e.server.Stats()
	words := "dropped are"
	for _, x := range s.Exports {
		words += fmt.Sprintf(" %d over a share", x.Shed)
	}
	for _, l := range s.Links {
		words += fmt.Sprintf(" %d that had waited", l.Stale)
	}
	return words
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

// drawn returns a function that draws delays of a pace, for any goroutine.
func drawn(pace func(*rand.Rand) time.Duration, seed uint64) func() time.Duration {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 8))
	return func() time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return pace(random)
	}
}

// TestSerialEquivalence sends random requests that overlap to disks of all
// paces: replies and content must be those of a disk that does one at a time.
func TestSerialEquivalence(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		for name, pace := range paceOf {
			for seed := range uint64(3) {
				t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
					t.Parallel()
					tr := startTrial(t, kind, patience)
					tr.disk.slow(drawn(pace, seed))
					tr.checkSerial(seed, tr.disk.content)
				})
			}
		}
	})
}

// checkSerial sends an engine random requests of its first sectors, which hold what
// sectorsOf returns. In the end, content must return what the disk holds.
func (e *engine) checkSerial(seed uint64, content func() []byte) {
	e.t.Helper()
	random := rand.New(rand.NewPCG(seed, 7))
	ref := &serial{data: sectorsOf(0, engineSectors), wanted: map[uint32][]byte{}}
	tag := uint32(0)
	for range 60 {
		first := tag
		for range 1 + random.IntN(60) {
			if tag++; tag > engineShare {
				e.reply(tag - engineShare)
			}
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
			e.t.Fatalf("read %d of sector %d does not see exactly the writes before it", k, f.ATALBA())
		}
	}
	e.end()
	if e.err != nil {
		e.t.Error(e.err)
	}
	if !bytes.HasPrefix(content(), ref.data) {
		e.t.Fatal("the disk does not hold what the last write of each sector left")
	}
}

// TestSlowRequestHoldsNoOther has one read hang: requests of other sectors are
// answered, one of the same sectors is answered after it.
func TestSlowRequestHoldsNoOther(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		tr := startTrial(t, kind, patience)
		before := tr.disk.entered(ata.OpRead)
		tr.disk.hang(ata.OpRead, 0, 1)
		tr.link.Deliver(transferFrame(1, 0, 1, nil), transferFrame(52, 40, 1, nil)) // two, so that both are handed over
		tr.reply(52)
		tr.await(ata.OpRead, before+2)
		for tag := uint32(2); tag < 50; tag++ {
			tr.link.Deliver(transferFrame(tag, uint64(1+tag%20), 2, make([]byte, 2*ata.SectorSize)))
		}
		tr.link.Deliver(transferFrame(50, 0, 1, make([]byte, ata.SectorSize)))
		tr.link.Deliver(transferFrame(51, 5, 1, nil))
		for tag := uint32(2); tag < 50; tag++ {
			tr.reply(tag)
		}
		tr.reply(51)
		if tr.link.Reply(1) != nil || tr.link.Reply(50) != nil {
			t.Error("a hanging read, or a write behind it, is answered")
		}
		tr.disk.release()
		if got := tr.reply(1); !bytes.Equal(got[aoe.ATALen:], sectorsOf(0, 1)) {
			t.Error("a read that hung sees a write that came after it")
		}
		tr.reply(50)
	})
}

// TestFlushIsBarrier checks, on a disk that reorders, that a flush begins once every
// write before it has ended, and is answered once it has ended itself.
func TestFlushIsBarrier(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		tr := startTrial(t, kind, patience)
		tr.disk.slow(drawn(paceOf["slow"], 1))
		for round := range uint32(30) {
			tag := round * 100
			data := bytes.Repeat([]byte{byte(round + 1)}, ata.SectorSize)
			flushes := tr.disk.entered(ata.OpFlush)
			tr.disk.hang(ata.OpFlush, 0, 0)
			for i := range uint32(engineSectors) {
				tr.link.Deliver(transferFrame(tag+i, uint64(i), 1, data))
			}
			tr.link.Deliver(flushFrame(tag + 99))
			tr.await(ata.OpFlush, flushes+1)
			if !bytes.HasPrefix(tr.disk.content(), bytes.Repeat(data, engineSectors)) {
				t.Fatalf("round %d: not all was written when the flush began", round)
			}
			if tr.link.Reply(tag+99) != nil {
				t.Fatalf("round %d: the flush is answered before it has ended", round)
			}
			tr.disk.release()
			tr.reply(tag + 99)
		}
	})
}

// TestReservationIsBarrier reserves the target for another while slow writes
// are in flight: once that is answered the content does not change any more.
func TestReservationIsBarrier(t *testing.T) {
	eachEngine(t, func(t *testing.T, kind engineKind) {
		tr := startTrial(t, kind, patience)
		tr.disk.slow(func() time.Duration { return 2 * time.Millisecond })
		for round := range uint32(20) {
			tag := 1 + round*100
			data := bytes.Repeat([]byte{byte(round + 1)}, 2*ata.SectorSize)
			for i := range uint32(10) {
				tr.link.Deliver(transferFrame(tag+i, uint64(2*i), 2, data))
			}
			tr.link.Deliver(claimFrame(tag+50, aoe.MAC{2, 2, 2, 2, 2, 2}))
			tr.link.Await(func() bool { return tr.link.Reply(tag+50) != nil })
			if !bytes.HasPrefix(tr.disk.content(), bytes.Repeat(data, 10)) {
				t.Fatalf("round %d: something was yet to be written when the reservation was answered", round)
			}
			tr.link.Deliver(claimFrame(tag + 51))
			tr.link.Await(func() bool { return tr.link.Reply(tag+51) != nil })
		}
	})
}

// claimFrame reserves 9.0 for some, or for all.
func claimFrame(tag uint32, macs ...aoe.MAC) aoe.Frame {
	f := aoe.Frame(reserveFrame(frametest.Friend, aoe.ReserveForceSet, macs...))
	f.SetTarget(9, 0)
	f.SetTag(tag)
	return f
}

// sectorsOf returns n sectors, from first on, each filled with its number and one.
func sectorsOf(first, n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, bytes.Repeat([]byte{byte(first + i + 1)}, ata.SectorSize)...)
	}
	return b
}
