// SPDX-License-Identifier: GPL-2.0-only

package endurance

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/internal/netio"
	"vblade/test/frametest"
	"vblade/test/lab"
)

// foreign are frames that our target must not receive, made from a read that it
// would answer.
var foreign = []struct {
	name  string
	alien func(aoe.Frame)
}{
	{"another EtherType", func(f aoe.Frame) { f[12], f[13] = 0x88, 0xb5 }},
	{"another shelf", func(f aoe.Frame) { f.SetTarget(10, 0) }},
	{"another slot", func(f aoe.Frame) { f.SetTarget(9, 1) }},
	{"replies", func(f aoe.Frame) { f.Set(aoe.FlagResponse) }},
	{"a masked-out MAC", func(f aoe.Frame) { f.SetSrc(frametest.Stranger) }},
}

// readFrame returns a read of a sector of e9.0 from the friend.
func (s *site) readFrame() aoe.Frame {
	f := make(aoe.Frame, aoe.MinLen)
	f.SetDst(s.mac)
	f.SetSrc(frametest.Friend)
	f.SetHeader(aoe.Version, 0, aoe.CommandATA)
	f.SetTarget(9, 0)
	f.SetATARequest(aoe.ATAExtended, ata.ReadExt, 1, 0)
	return f
}

// How many foreign frames there are of a kind, how long they may keep the target
// busy, for each, and how often that is measured before it counts: the Go runtime
// has things of its own to do now and then.
const (
	foreignFrames   = 20_000
	mostForeignTime = 100 * time.Nanosecond
	foreignTries    = 4
)

// packetSockets returns how many packet sockets there are at the target's end of
// the wire: two while it looks for other targets of its address.
func (s *site) packetSockets(v *lab.Process) int {
	s.t.Helper()
	var tgt0 *net.Interface
	s.must(s.host.Do(func() (err error) {
		tgt0, err = net.InterfaceByName("tgt0")
		return err
	}))
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/packet", v.Pid()))
	s.must(err)
	n := 0
	for line := range strings.Lines(string(list)) {
		if fields := strings.Fields(line); len(fields) > 4 && fields[4] == strconv.Itoa(tgt0.Index) {
			n++
		}
	}
	return n
}

// TestForeignFrames floods an idle target with frames that are none of its
// business: the kernel keeps them away from it, they cost it no time. That holds
// on any machine under any load; what a flood costs those who read meanwhile
// TestFlood measures.
func TestForeignFrames(t *testing.T) {
	s := newSite(t)
	_, path := s.memory(stamped(8))
	v := s.host.StartVblade(t, program, "-m", lower(frametest.Friend), "9", "0", "tgt0", path)
	target := s.find(initiator.Options{MAC: frametest.Friend}, 9, 0)
	for end := time.Now().Add(10 * time.Second); s.packetSockets(v) > 1; {
		if _, err := target.Identify(); err != nil || time.Now().After(end) {
			t.Fatalf("vblade does not end its look for other targets of its address; %v", err)
		}
	}
	sender := s.link(netio.Config{EtherType: uint16(aoe.EtherType)})
	cost := func(batch [][]byte) time.Duration {
		before := usageOf(t, v).busy
		for n := 0; n < foreignFrames; n += len(batch) {
			_, err := sender.Send(batch)
			s.must(err)
		}
		_, err := target.Identify()
		s.must(err)
		return (usageOf(t, v).busy - before) / foreignFrames
	}
	for _, kind := range foreign {
		f := s.readFrame()
		kind.alien(f)
		batch := slices.Repeat([][]byte{f}, netio.MaxBatch)
		least := cost(batch)
		for try := 1; try < foreignTries && least > mostForeignTime; try++ {
			least = min(least, cost(batch))
		}
		t.Logf("%s: %v a frame", kind.name, least)
		if least > mostForeignTime {
			t.Errorf("frames of %s keep the target busy for %v each", kind.name, least)
		}
	}
}
