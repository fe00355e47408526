// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/server"
	"vblade/test/frametest"
	"vblade/test/lab"
)

// ringDisks are disks that a ring reads and writes without waiting, over an image.
var ringDisks = map[string]func(testing.TB, string) *ata.File{
	"file": openDirect,
	"loop": func(t testing.TB, image string) *ata.File { return openDirect(t, lab.LoopDevice(t, image).Name()) },
}

// TestRingSerialEquivalence is TestSerialEquivalence on other disks of the kernel,
// by the ring and by workers.
func TestRingSerialEquivalence(t *testing.T) {
	for name, open := range ringDisks {
		for _, rings := range []bool{true, false} {
			for seed := range uint64(2) {
				t.Run(fmt.Sprintf("%s rings=%v %d", name, rings, seed), func(t *testing.T) {
					path := image(t, engineSectors)
					e := startOn(t, rings, open(t, path))
					e.checkSerial(seed, func() []byte {
						b, err := os.ReadFile(path)
						if err != nil {
							t.Fatal(err)
						}
						return b
					})
				})
			}
		}
	}
}

// TestRingFileCutShort cuts a file short while it is served: of requests that the
// kernel does in one, those fail whose sectors are gone, and no others.
func TestRingFileCutShort(t *testing.T) {
	const cut, sectors = 32, 64
	path := image(t, sectors)
	e := startOn(t, true, openDirect(t, path))
	if err := os.Truncate(path, cut*ata.SectorSize); err != nil {
		t.Fatal(err)
	}
	var frames [][]byte
	for lba := uint64(cut - 12); lba < cut+12; lba++ {
		frames = append(frames, transferFrame(uint32(lba), lba, 1, nil))
	}
	e.link.Deliver(frames...)
	for lba := uint32(cut - 12); lba < cut; lba++ {
		if got := e.reply(lba); !bytes.Equal(got[aoe.ATALen:], sectorsOf(int(lba), 1)) {
			t.Errorf("sector %d is not what the file holds", lba)
		}
	}
	for lba := uint32(cut); lba < cut+12; lba++ {
		e.link.Await(func() bool { return e.link.Reply(lba) != nil })
		if f := aoe.Frame(e.link.Reply(lba)); f == nil || f.ATAStatus() == ata.StatusReady {
			t.Errorf("the read of sector %d, which is gone: % x", lba, f)
		}
	}
}

// TestRingStepsAside has a disk hang whose requests are in flight by the ring:
// another leads, with all that it takes to serve another export. Once the disk
// goes on, all is answered; the lead that was given up has silenced no alarm,
// which is the other's to hear.
func TestRingStepsAside(t *testing.T) {
	d := newSlowDevice(t)
	other, err := ata.OpenFile(image(t, 64), ata.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { other.Close() })
	host := newAlarmHost(t)
	e := newEngine(t, host, host.NewLink(9000, "memory0"), true, d.store(), other)
	e.serve(patience)
	t.Cleanup(d.release)
	tr := &trial{e, d}
	tr.hangReads()
	// It does at the first request that it would do in place otherwise, but not sooner
	// than ringPatience. Later, the watch would take the lead from it some time.
	for tag, begin := uint32(5000), time.Now(); e.server.Standing() != server.LeadCount-2; tag++ {
		if tag > 5100 && time.Since(begin) > 2*server.RingPatience {
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
	d.release()
	tr.checkApart(false)
	eventually(t, func() bool { return e.server.Standing() == server.LeadCount-1 }, "not all leads stand by again")
	if n := host.silenced.Load() - before; n > 0 {
		t.Errorf("a lead that does not lead has silenced the alarm %d times", n)
	}
}

// freezingHost is a host that freezes a server, once it is told to, when a ring is
// about to wait: what is prepared has not begun then.
type freezingHost struct {
	*frametest.Host
	server *server.Server
	armed  atomic.Bool
}

// Descriptors freezes, and returns none.
func (h *freezingHost) Descriptors() []int {
	if h.armed.Swap(false) {
		h.server.Freeze()
	}
	return nil
}

// TestRingFreeze freezes a server after it has prepared writes, and before the kernel
// has them: they are dropped, and those that come later are done.
func TestRingFreeze(t *testing.T) {
	disk, host := newSlowDevice(t), &freezingHost{Host: frametest.NewHost()}
	e := newEngine(t, host, host.NewLink(9000, "memory0"), true, disk.store())
	host.server = e.server
	e.serve(patience)
	host.armed.Store(true)
	e.link.Deliver(transferFrame(1, 5, 1, sectorsOf(101, 1)), transferFrame(2, 9, 1, sectorsOf(102, 1)))
	eventually(t, func() bool { return e.server.Stats().Links[0].Stale == 2 }, "the writes are not dropped")
	e.link.Deliver(transferFrame(3, 7, 1, sectorsOf(103, 1)), transferFrame(4, 11, 1, sectorsOf(104, 1)))
	e.reply(3)
	e.reply(4)
	if e.link.Reply(1) != nil || e.link.Reply(2) != nil {
		t.Error("a write that was prepared when the server was frozen is answered")
	}
	content := disk.content()
	for _, lba := range []int{5, 9} {
		if !bytes.Equal(content[lba*sectorSize:(lba+1)*sectorSize], sectorsOf(lba, 1)) {
			t.Errorf("sector %d was written", lba)
		}
	}
}
