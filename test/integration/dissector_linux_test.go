// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
	"vblade/internal/netio"
	"vblade/test/lab"
	"vblade/test/peer"
)

// TestDissector has Wireshark's dissector read the target's replies to every
// kind of request.
func TestDissector(t *testing.T) {
	tshark := lab.Need(t, "tshark", "tshark")
	s := newSite(t, 1500)
	tap := s.tap("ini0")
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	askEverything(t, s.find(aoe.MAC{}))
	frames := drain(t, tap)
	file := filepath.Join(t.TempDir(), "replies.pcap")
	if err := os.WriteFile(file, pcap(frames), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := dissect(t, tshark, file, "aoe.response == 1"); n != len(frames) {
		t.Errorf("of %d replies the dissector takes %d for AoE replies", len(frames), n)
	}
	if n := dissect(t, tshark, file, "_ws.malformed || _ws.expert.severity >= error"); n != 0 {
		t.Errorf("%d of %d replies are malformed", n, len(frames))
	}
}

// tap opens a link that receives every AoE frame that arrives at an interface.
func (s *site) tap(netif string) *peer.Station {
	s.t.Helper()
	var tap *peer.Station
	err := s.host.Do(func() (err error) {
		tap, err = peer.Open(netif, netio.Config{EtherType: uint16(aoe.EtherType), ReceiveBuffer: 4 << 20, Buffers: netio.MaxBatch, Foreign: true}, netio.HostConfig{})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { tap.Close() })
	return tap
}

// askEverything sends a target requests of every kind, good and bad.
func askEverything(t *testing.T, target *initiator.Target) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	refused := func(err error) {
		t.Helper()
		if err == nil {
			t.Fatal("not refused")
		}
	}
	buf := make([]byte, 16*sectorSize)
	_, err := target.WriteAt(buf, 0)
	must(err)
	_, err = target.ReadAt(buf, 0)
	must(err)
	_, err = target.ReadAt(buf, diskSize)
	refused(err)
	_, err = target.Identify()
	must(err)
	must(target.Flush())
	_, err = target.ConfigString(aoe.ConfigForceSet, "a config string")
	must(err)
	_, err = target.ConfigString(aoe.ConfigSet, "another")
	refused(err)
	_, err = target.EditMasks(initiator.Directive{Op: aoe.DirectiveAdd, MAC: target.Initiator().MAC()})
	must(err)
	_, err = target.Reserve(false, target.Initiator().MAC())
	must(err)
	_, err = target.Reserve(false)
	must(err)
}

// drain returns the frames that a tap has received.
func drain(t *testing.T, tap *peer.Station) [][]byte {
	t.Helper()
	bufs := tap.Buffers()
	n, err := tap.Receive(bufs)
	if err != nil || n < 20 {
		t.Fatalf("the tap has %d frames, %v; want more", n, err)
	}
	// The advertisement says version 0, as the C program's does: no dissector
	// looks further. And the target asked who else has its address.
	return slices.DeleteFunc(bufs[:n], func(b []byte) bool {
		f := aoe.Frame(b)
		return f.Version() != aoe.Version || !f.Has(aoe.FlagResponse)
	})
}

// pcap returns a capture file of Ethernet frames (libpcap's classic format).
func pcap(frames [][]byte) []byte {
	le := binary.LittleEndian
	var b []byte
	for _, v := range []uint32{0xa1b2c3d4, 2 | 4<<16, 0, 0, 65535, 1} { // magic, version 2.4, zone, -, limit, Ethernet
		b = le.AppendUint32(b, v)
	}
	for _, f := range frames {
		for _, v := range []int{0, 0, len(f), len(f)} { // seconds, microseconds, captured, sent
			b = le.AppendUint32(b, uint32(v))
		}
		b = append(b, f...)
	}
	return b
}

// dissect returns how many of a file's frames match a display filter.
func dissect(t *testing.T, tshark, file, filter string) int {
	t.Helper()
	out, err := exec.Command(tshark, "-r", file, "-Y", filter, "-T", "fields", "-e", "frame.number").Output()
	if err != nil {
		t.Fatalf("tshark -Y %q: %v", filter, err)
	}
	return len(strings.Fields(string(out)))
}
