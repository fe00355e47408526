// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/server"
	"vblade/test/frametest"
)

// announcement is the config reply by which a target makes itself known.
func announcement(src aoe.MAC, slot uint8) aoe.Frame {
	f := make(aoe.Frame, aoe.MinLen)
	f.SetHeader(0, aoe.FlagResponse, aoe.CommandConfig)
	f.SetDst(aoe.Broadcast)
	f.SetSrc(src)
	f.SetTarget(frametest.Shelf, slot)
	return f
}

// changed returns a frame with one more change.
func changed(f aoe.Frame, change func(aoe.Frame)) aoe.Frame {
	change(f)
	return f
}

// rivalLine is what is logged of a rival, at its level.
func rivalLine(mac string) string {
	return "warning: memory0: " + mac + " serves e265.4 too; if that is not another path to the same disk, give one of them another shelf or slot\n"
}

// TestHearsRivals has targets make themselves known: of our address, which is
// logged, of others and by others' ways.
func TestHearsRivals(t *testing.T) {
	s := serve(t, frametest.Export{}, plainDisk)
	if !s.filterPasses(announcement(frametest.Friend, frametest.Slot)) {
		t.Error("the filter shuts out those who make themselves known")
	}
	s.pass()
	own := aoe.Frame(bytes.Clone(s.link.Replies()[0]))
	s.pass(
		own, // which has come back
		announcement(frametest.Friend, frametest.Slot+1),
		announcement(frametest.Friend, aoe.EverySlot),
		changed(announcement(frametest.Friend, frametest.Slot), func(f aoe.Frame) { f.SetDst(frametest.Target) }),
		changed(announcement(frametest.Friend, frametest.Slot), func(f aoe.Frame) { f.SetTag(7) }),
		changed(announcement(frametest.Friend, frametest.Slot), func(f aoe.Frame) { f.Fail(aoe.ErrArgument) }),
		changed(announcement(frametest.Friend, frametest.Slot), func(f aoe.Frame) { f.SetHeader(0, aoe.FlagResponse, aoe.CommandATA) }),
		announcement(frametest.Stranger, frametest.Slot),
		announcement(frametest.Friend, frametest.Slot)[:aoe.HeaderLen],
		announcement(frametest.Friend, frametest.Slot),
		announcement(frametest.Friend, frametest.Slot), // known by then
		announcement(frametest.Target, frametest.Slot), // of our address, but not ours
	)
	eventually(t, func() bool { return s.server.Stats().Exports[0].Rivals == 3 }, "there are not 3 rivals")
	s.end()
	want := rivalLine("02:00:00:00:04:04") + rivalLine("02:00:00:00:03:03") + rivalLine("02:00:00:00:01:01")
	if got := s.log.Leveled(); got != want {
		t.Errorf("logged is\n%swant\n%s", got, want)
	}
}

// TestHearsItsMovedAddress has a host that has our address now, too, advertise the same
// as we did a while ago.
func TestHearsItsMovedAddress(t *testing.T) {
	s := serve(t, frametest.Export{}, plainDisk)
	s.pass()
	own := bytes.Clone(s.link.Replies()[0])
	s.server.AdvertisedLongAgo()
	s.pass(own)
	s.end()
	if got, want := s.log.Leveled(), rivalLine("02:00:00:00:01:01"); got != want {
		t.Errorf("logged is\n%swant\n%s", got, want)
	}
}

// TestHeard has config queries come: the last ones are known by their tags.
func TestHeard(t *testing.T) {
	s := serve(t, frametest.Export{}, plainDisk)
	name := newBlade(frametest.Export{}, s.store).Name()
	for tag := uint32(1); tag <= 20; tag++ {
		query := configFrame(tag, aoe.ConfigRead, "")
		query.SetTarget(frametest.Shelf, frametest.Slot)
		if s.server.Heard(name, tag) {
			t.Errorf("query %d was heard before it came", tag)
		}
		if s.pass(query); !s.server.Heard(name, tag) || s.server.Heard("e1.1", tag) {
			t.Errorf("query %d was not heard, or by another", tag)
		}
	}
	if s.server.Heard(name, 1) {
		t.Error("each query ever heard is known")
	}
}

// TestHearsFewRivals has many targets of our address make themselves known at
// once: few are logged, and all else that is to be logged is.
func TestHearsFewRivals(t *testing.T) {
	s := serve(t, frametest.Export{}, plainDisk)
	begin := time.Now()
	for i := range 200 {
		s.pass(announcement(aoe.MAC{2, 9, 9, 9, 9, byte(i)}, frametest.Slot))
	}
	s.pass(reserveFrame(frametest.Friend, aoe.ReserveSet, frametest.Friend))
	s.end()
	log := s.log.Leveled()
	most := 4 + int(time.Since(begin)/(10*time.Second)) // four at once, then one in a while
	if n := strings.Count(log, " serves e265.4 too"); n < 1 || n > most {
		t.Errorf("%d rivals are logged:\n%s", n, log)
	}
	if !strings.Contains(log, "info: e265.4: reserved by") {
		t.Errorf("the reservation is not logged:\n%s", log)
	}
}

// TestHearsOwnPorts serves an export on two links of one LAN: that it makes itself
// known on each is no rival to the other.
func TestHearsOwnPorts(t *testing.T) {
	host := frametest.NewHost()
	links := []*frametest.Link{host.NewLink(1500, "memory0"), host.NewLink(1500, "memory1")}
	links[1].Change(1500, frametest.Friend, nil)
	var log frametest.Log
	s := server.New(host, &log)
	s.ForgiveStalls()
	var ports []*server.Port
	for _, l := range links {
		p, err := s.Attach(l, [][]byte{make([]byte, bufferLen), make([]byte, bufferLen)})
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, p)
	}
	if err := s.Add(newBlade(frametest.Export{}, frametest.Export{}.NewStore()), ports...); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.Serve(ctx, patience) }()
	for i, l := range links {
		if !l.Await(func() bool { return len(l.Replies()) > 0 }) {
			t.Fatal("it does not advertise")
		}
		links[1-i].Deliver(bytes.Clone(l.Replies()[0]))
	}
	for _, l := range links {
		if !l.Await(l.Drained) {
			t.Error("the frames are not received")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := log.String(); got != "" {
		t.Errorf("logged is\n%s", got)
	}
}
