// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/stats"
	"vblade/test/frametest"
)

// sentBy makes a frame one of the n-th of some initiators.
func sentBy(n int, f []byte) aoe.Frame {
	var mac aoe.MAC
	binary.BigEndian.PutUint16(mac[4:], uint16(n))
	mac[0] = 2
	aoe.Frame(f).SetSrc(mac)
	return f
}

// users returns who uses e9.0, without the times.
func (s *stage) users() []stats.Initiator {
	s.t.Helper()
	u, err := s.server.Users("e9.0")
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range u.Initiators {
		u.Initiators[i].Idle = 0
	}
	return u.Initiators
}

// answered delivers frames, each once the one before is answered.
func (e *engine) answered(frames ...[]byte) {
	e.t.Helper()
	for _, f := range frames {
		aoe.Frame(f).SetTarget(9, 0)
		e.link.Forget()
		e.link.Deliver(f)
		if tag := aoe.Frame(f).Tag(); !e.link.Await(func() bool { return e.link.Reply(tag) != nil }) {
			e.t.Fatalf("request %d is not answered", tag)
		}
	}
}

// TestInitiators has three initiators use an export, one of them not at all but for
// questions, and looks at who is known, the latest first.
func TestInitiators(t *testing.T) {
	e := startEngine(t, atOnce)
	e.answered(
		sentBy(1, transferFrame(1, 0, 1, nil)),
		sentBy(2, transferFrame(2, 0, 1, make([]byte, sectorSize))),
		sentBy(1, transferFrame(3, 1, 1, nil)),
		sentBy(1, flushFrame(4)),
		sentBy(3, configFrame(5, aoe.ConfigRead, "")),
		sentBy(3, ataFrame(0xec, 1, 0, 0)),
		sentBy(2, transferFrame(7, 2, 1, nil)),
	)
	want := []stats.Initiator{
		{MAC: sentBy(2, make([]byte, 60)).Src(), Link: "memory0", Requests: 2},
		{MAC: sentBy(1, make([]byte, 60)).Src(), Link: "memory0", Requests: 3},
	}
	if got := e.users(); !reflect.DeepEqual(got, want) {
		t.Errorf("the initiators are %+v; want %+v", got, want)
	}
	if got := e.server.Stats().Exports[0]; got.Initiators != 2 || got.Repeated != 0 {
		t.Errorf("%d initiators, %d repeated requests; want 2 and none", got.Initiators, got.Repeated)
	}
	if _, err := e.server.Users("e9.7"); err == nil || err.Error() != "e9.7 is not served here" {
		t.Errorf("of an export that is not there: %v", err)
	}
}

// TestInitiatorsAreBounded has more initiators than are remembered: the one seen
// longest ago is forgotten, not the one that came first.
func TestInitiatorsAreBounded(t *testing.T) {
	e := startEngine(t, atOnce)
	tag := uint32(0)
	ask := func(n int) {
		tag++
		e.answered(sentBy(n, transferFrame(tag, 0, 1, nil)))
	}
	const most = 64
	for n := range most {
		ask(n)
	}
	ask(0)
	ask(most)
	ask(0)
	got := e.users()
	if len(got) != most || got[0].Requests != 3 {
		t.Fatalf("%d initiators, the last of %d requests; want %d and 3", len(got), got[0].Requests, most)
	}
	for _, i := range got {
		if i.MAC == sentBy(1, make([]byte, 60)).Src() {
			t.Error("the one seen longest ago is remembered")
		}
	}
}

// TestUsersSayWhatInitiatorsSet sets a config string, masks and a reservation.
func TestUsersSayWhatInitiatorsSet(t *testing.T) {
	s := serve(t, frametest.Export{Masks: []aoe.MAC{frametest.Friend}}, plainDisk)
	f := configFrame(1, aoe.ConfigSet, "one")
	f.SetTarget(frametest.Shelf, frametest.Slot)
	s.pass(f, reserveFrame(frametest.Friend, aoe.ReserveSet, frametest.Friend))
	got, err := s.server.Users(fmt.Sprintf("e%d.%d", frametest.Shelf, frametest.Slot))
	want := stats.Users{Config: []byte("one"), Masks: []aoe.MAC{frametest.Friend}, Reservation: []aoe.MAC{frametest.Friend}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

// TestRepeated sends requests of which some are those before again.
func TestRepeated(t *testing.T) {
	read := func(tag uint32, lba uint64) []byte { return transferFrame(tag, lba, 1, nil) }
	write := func(tag uint32, lba uint64) []byte { return transferFrame(tag, lba, 1, make([]byte, sectorSize)) }
	cases := map[string]struct {
		frames [][]byte
		want   uint64
	}{
		"the same tag after the reply":       {[][]byte{read(1, 3), read(1, 3)}, 1},
		"the same write after the reply":     {[][]byte{write(1, 3), write(1, 3), write(1, 3)}, 2},
		"the same flush":                     {[][]byte{flushFrame(1), flushFrame(1)}, 1},
		"another in between":                 {[][]byte{read(1, 3), read(2, 4), read(1, 3)}, 1},
		"a new tag after the reply":          {[][]byte{read(1, 3), read(2, 3)}, 0},
		"other sectors under the same tag":   {[][]byte{read(1, 3), read(1, 4)}, 0},
		"more sectors under the same tag":    {[][]byte{read(1, 3), transferFrame(1, 3, 2, nil)}, 0},
		"a write after a read":               {[][]byte{read(1, 3), write(1, 3)}, 0},
		"flushes":                            {[][]byte{flushFrame(1), flushFrame(2)}, 0},
		"another initiator with the same":    {[][]byte{sentBy(1, read(1, 3)), sentBy(2, read(1, 3))}, 0},
		"questions for the same with a tag":  {[][]byte{configFrame(1, aoe.ConfigRead, ""), configFrame(1, aoe.ConfigRead, "")}, 0},
		"IDENTIFY again with the same tag":   {[][]byte{ataFrame(0xec, 1, 0, 0), ataFrame(0xec, 1, 0, 0)}, 0},
		"what is refused, with the same tag": {[][]byte{read(1, 1<<30), read(1, 1<<30)}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			e := startEngine(t, atOnce)
			e.answered(c.frames...)
			e.checkRepeated(c.want)
		})
	}
}

// checkRepeated compares how many requests were repeated, of the export and of its
// initiators, with what is expected.
func (e *engine) checkRepeated(want uint64) {
	e.t.Helper()
	got, all := e.server.Stats().Exports[0].Repeated, uint64(0)
	for _, i := range e.users() {
		all += i.Repeated
	}
	if got != want || all != want {
		e.t.Errorf("%d requests are repeated, %d of the initiators; want %d", got, all, want)
	}
}

// TestRepeatedInFlight repeats requests with a new tag, as the Linux driver does,
// before they are answered.
func TestRepeatedInFlight(t *testing.T) {
	g := new(gate)
	e := startEngine(t, g.pass)
	g.shut()
	defer g.open()
	frames := [][]byte{
		transferFrame(1, 3, 1, nil), transferFrame(2, 5, 1, make([]byte, sectorSize)),
		transferFrame(3, 3, 1, nil), transferFrame(4, 5, 1, make([]byte, sectorSize)), // again
		transferFrame(5, 4, 1, nil), sentBy(7, transferFrame(6, 3, 1, nil)), flushFrame(7), flushFrame(8), // not
	}
	for _, f := range frames {
		e.link.Deliver(f)
	}
	eventually(t, func() bool { return e.server.Stats().Exports[0].InFlight == int64(len(frames)) }, "not all is in flight")
	e.checkRepeated(2)
	g.open()
	for _, f := range frames {
		e.reply(aoe.Frame(f).Tag())
	}
	e.answered(transferFrame(9, 3, 1, nil), transferFrame(10, 5, 1, make([]byte, sectorSize)))
	e.checkRepeated(2)
}

// TestRecent looks at what is counted of the last seconds while an export works, some
// seconds later, and when it works again, faster.
func TestRecent(t *testing.T) {
	const slow = 50 * time.Millisecond
	var delay atomic.Int64
	e := startEngine(t, func() time.Duration { return time.Duration(delay.Load()) })
	work := func() stats.Recent {
		for lba := range uint64(5) {
			tag := uint32(2*lba + 1)
			e.answered(transferFrame(tag, lba, 1, nil), transferFrame(tag+1, lba, 1, make([]byte, sectorSize)))
		}
		return e.server.Stats().Exports[0].Recent
	}
	delay.Store(int64(slow))
	work()
	got := work()
	if got.Reads <= 0 || got.Writes <= 0 || got.ReadBytes != sectorSize*got.Reads || got.WriteBytes != sectorSize*got.Writes {
		t.Errorf("lately %+v; want as many reads as writes, of a sector", got)
	}
	if got.P50 < slow || got.P99 < got.P50 {
		t.Errorf("p50 %v, p99 %v on a disk of %v", got.P50, got.P99, slow)
	}
	eventually(t, func() bool { return e.server.Stats().Exports[0].Recent == stats.Recent{} }, "what was done stays recent")
	delay.Store(0)
	if got := work(); got.P50 == 0 || got.P50 >= slow {
		t.Errorf("p50 %v, once the disk is fast", got.P50)
	}
	if got := e.server.Stats().Exports[0]; got.Reads != 15 {
		t.Errorf("%d reads in all", got.Reads)
	}
}
