// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/server"
	"vblade/test/frametest"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// ringDisks are disks that a ring reads and writes without waiting, over an image.
var ringDisks = map[string]func(testing.TB, string) *ata.File{
	"file": openDirect,
	"loop": func(t testing.TB, image string) *ata.File { return openDirect(t, lab.LoopDevice(t, image).Name()) },
}

// TestRingSerialEquivalence is TestSerialEquivalence on disks of the kernel, by
// the ring and by workers.
func TestRingSerialEquivalence(t *testing.T) {
	for name, open := range ringDisks {
		for _, rings := range []bool{true, false} {
			for seed := range uint64(2) {
				t.Run(fmt.Sprintf("%s rings=%v %d", name, rings, seed), func(t *testing.T) {
					path := image(t, engineSectors)
					testRingEquivalence(t, seed, rings, path, open(t, path))
				})
			}
		}
	}
}

// testRingEquivalence is one run of TestRingSerialEquivalence.
func testRingEquivalence(t *testing.T, seed uint64, rings bool, path string, f *ata.File) {
	random := rand.New(rand.NewPCG(seed, 7))
	link := frametest.NewLink(9000)
	e := startRing(t, link.Host, link, rings, f)
	ref := &serial{data: sectorsOf(0, engineSectors), wanted: map[uint32][]byte{}}
	tag := uint32(0)
	for range 60 {
		first := tag
		for range 1 + random.IntN(60) {
			tag++
			link.Deliver(ref.request(random, tag))
		}
		if random.IntN(3) == 0 { // else more before these are answered
			for k := first + 1; k <= tag; k++ {
				e.reply(k)
			}
		}
	}
	for k := uint32(1); k <= tag; k++ {
		r := e.reply(k)
		if want := ref.wanted[k]; want != nil && !bytes.Equal(r[aoe.ATALen:], want) {
			t.Fatalf("read %d of sector %d does not see exactly the writes before it", k, r.ATALBA())
		}
	}
	e.end()
	if e.err != nil {
		t.Error(e.err)
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, ref.data) {
		t.Fatal("the disk does not hold what the last write of each sector left: ", err)
	}
	if e.server.Flown() != rings {
		t.Errorf("by the ring went something: %v", !rings)
	}
}

// TestRingFileCutShort cuts a file short while it is served: of requests that the
// kernel does in one, those fail whose sectors are gone, and no others.
func TestRingFileCutShort(t *testing.T) {
	const cut, sectors = 32, 64
	path := image(t, sectors)
	link := frametest.NewLink(9000)
	e := startRing(t, link.Host, link, true, openDirect(t, path))
	if err := os.Truncate(path, cut*ata.SectorSize); err != nil {
		t.Fatal(err)
	}
	var frames [][]byte
	for lba := uint64(cut - 12); lba < cut+12; lba++ {
		frames = append(frames, transferFrame(uint32(lba), lba, 1, nil))
	}
	link.Deliver(frames...)
	for lba := uint32(cut - 12); lba < cut; lba++ {
		if got := e.reply(lba); !bytes.Equal(got[aoe.ATALen:], sectorsOf(int(lba), 1)) {
			t.Errorf("sector %d is not what the file holds", lba)
		}
	}
	for lba := uint32(cut); lba < cut+12; lba++ {
		link.Await(func() bool { return link.Reply(lba) != nil })
		if f := aoe.Frame(link.Reply(lba)); f == nil || f.ATAStatus() == ata.StatusReady {
			t.Errorf("the read of sector %d, which is gone: % x", lba, f)
		}
	}
	e.end()
	if !e.server.Flown() {
		t.Error("nothing went by the ring")
	}
}

// hangReads has a disk hang and 16 reads in flight, of every second sector. The
// disk holds what image does.
func hangReads(t *testing.T, e *engine, d *slowdisk.Disk) {
	t.Helper()
	for lba := uint32(0); lba < 32; lba += 8 {
		e.link.Deliver(transferFrame(1000+lba, uint64(lba), 8, sectorsOf(int(lba), 8)))
		e.reply(1000 + lba)
	}
	d.Hang(slowdisk.Read)
	t.Cleanup(func() { d.Release(slowdisk.Read) }) // else a server that fails does not end
	before := d.Entered(slowdisk.Read)
	for lba := uint32(0); lba < 32; lba += 2 {
		e.link.Deliver(transferFrame(1+lba, uint64(lba), 1, nil))
	}
	if !d.Await(slowdisk.Read, before+1, patience) {
		t.Fatal("no read has come to the disk")
	}
}

// checkReads checks that the reads of hangReads are answered.
func checkReads(t *testing.T, e *engine) {
	t.Helper()
	for lba := uint32(0); lba < 32; lba += 2 {
		if got := e.reply(1 + lba); !bytes.Equal(got[aoe.ATALen:], sectorsOf(int(lba), 1)) {
			t.Errorf("sector %d is not what was written", lba)
		}
	}
}

// TestRingEndInFlight ends a server while requests are in flight by the ring: all
// are answered.
func TestRingEndInFlight(t *testing.T) {
	d, f := slowLoop(t)
	link := frametest.NewLink(9000)
	e := startRing(t, link.Host, link, true, f)
	hangReads(t, e, d)
	if !link.Await(link.Drained) {
		t.Fatal("not all is received")
	}
	e.stop()
	await(t, e.server.Ending)
	d.Release(slowdisk.Read)
	e.end()
	if e.err != nil {
		t.Error(e.err)
	}
	checkReads(t, e)
	if !e.server.Flown() {
		t.Error("nothing went by the ring")
	}
}

// await waits until something is true that only asking tells.
func await(t *testing.T, met func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.Now().Add(patience); !met(); <-tick.C {
		if time.Now().After(late) {
			t.Fatal("what is waited for does not happen")
		}
	}
}

// TestRingStepsAside has a disk hang whose requests are in flight by the ring:
// another leads, with all that it takes to serve another export. Once the disk
// goes on, all is answered; the lead that was given up has silenced no alarm,
// which is the other's to hear.
func TestRingStepsAside(t *testing.T) {
	d, f := slowLoop(t)
	other, err := ata.OpenFile(image(t, 64), ata.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	host := newAlarmHost(t)
	e := startRing(t, host, host.NewLink(9000, "memory0"), true, f, other)
	hangReads(t, e, d)
	for tag := uint32(5000); e.server.Standing() != server.LeadCount-2; tag++ {
		if tag == 5000+1e5 {
			t.Fatal("nobody else leads")
		}
		e.server.ForgetPaces() // on a loaded machine this disk would count as slow, and be the crew's
		e.toOther(transferFrame(tag, uint64(tag%64), 1, sectorsOf(int(tag%64), 1)))
	}
	e.toOther(transferFrame(300, 5, 3, nil))
	if got := e.reply(300); !bytes.Equal(got[aoe.ATALen:], sectorsOf(5, 3)) {
		t.Error("the other disk does not hold what was written")
	}
	query := aoe.Frame(transferFrame(301, 0, 0, nil))
	query.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	query.SetConfigRequest(aoe.ConfigRead, nil)
	e.link.Deliver(query)
	if !e.link.Await(func() bool { return e.link.Reply(301) != nil }) {
		t.Error("the config string of the disk that hangs cannot be read")
	}
	before := host.silenced.Load()
	host.ring(t)
	d.Release(slowdisk.Read)
	checkReads(t, e)
	await(t, func() bool { return e.server.Standing() == server.LeadCount-1 })
	if n := host.silenced.Load() - before; n > 0 {
		t.Errorf("a lead that does not lead has silenced the alarm %d times", n)
	}
}

// toOther has a request of 9.0 be of 9.1, and waits for its reply.
func (e *engine) toOther(frame []byte) {
	e.t.Helper()
	f := aoe.Frame(frame)
	f.SetTarget(9, 1)
	e.link.Deliver(f)
	e.reply(f.Tag())
}
