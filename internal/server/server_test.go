// SPDX-License-Identifier: GPL-2.0-only

package server_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"vblade/internal/aoe"
	"vblade/internal/blade"
	"vblade/test/frametest"
)

// unhex returns the bytes that s spells in hexadecimal, with blanks anywhere.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestAdvertisement checks what a server sends unasked, before anything else
// (section 4): destination, source, EtherType, version and flags, error, shelf,
// slot, command, tag; buffers, firmware, scnt, version and subcommand, length.
func TestAdvertisement(t *testing.T) {
	const rest = " 020000000101 88a2 08 00 0109 04 01 00000000 0110 4019 "
	const end = " 10 0000"
	stranger := frametest.Export{Masks: []aoe.MAC{frametest.Friend, frametest.Stranger, frametest.Friend}}
	for _, c := range []struct {
		name   string
		export frametest.Export
		want   []string
	}{
		{"to everybody", frametest.Export{}, []string{"ffffffffffff" + rest + "02" + end}},
		{"at MTU 9000", frametest.Export{MTU: 9000}, []string{"ffffffffffff" + rest + "11" + end}},
		{"at the smallest MTU", frametest.Export{MTU: 68}, []string{"ffffffffffff" + rest + "00" + end}},
		{"to every mask once", stranger, []string{"020000000303" + rest + "02" + end, "020000000404" + rest + "02" + end}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, c.export, plainDisk)
			s.pass()
			s.end()
			got := s.link.Replies()
			if len(got) != len(c.want)+1 { // and the reply to pass
				t.Fatalf("%d frames were sent before any came; want %d", len(got)-1, len(c.want))
			}
			for i, w := range c.want {
				if want := append(unhex(t, w), make([]byte, 28)...); !bytes.Equal(got[i], want) {
					t.Errorf("advertisement %d is\n%swant\n%s", i, hex.Dump(got[i]), hex.Dump(want))
				}
			}
		})
	}
}

// TestEndsWithItsContext checks that Serve returns when it is told to, and that
// what came before is answered.
func TestEndsWithItsContext(t *testing.T) {
	for range 20 {
		s := serve(t, frametest.Export{}, lateDisk)
		frames := numbered(manyReads(30))
		s.link.Deliver(frames...)
		if !s.link.Await(s.link.Drained) {
			t.Fatal("the server does not receive")
		}
		s.end()
		for i := range frames {
			if s.link.Reply(uint32(i+1)) == nil {
				t.Fatalf("frame %d was received and not answered", i)
			}
		}
	}
}

// manyReads returns n reads of one sector each, from all over the disk.
func manyReads(n int) [][]byte {
	frames := make([][]byte, n)
	for i := range frames {
		frames[i] = ataFrame(0x20, 1, uint64(i*7%frametest.Sectors), frametest.Slot)
	}
	return frames
}

// ataFrame is an ATA request with the table's tag to a slot of the table's shelf.
func ataFrame(opcode, count uint8, lba uint64, slot uint8) []byte {
	f := make(aoe.Frame, aoe.ATALen)
	f.SetHeader(aoe.Version, 0, aoe.CommandATA)
	f.SetDst(frametest.Target)
	f.SetSrc(frametest.Initiator)
	f.SetTarget(frametest.Shelf, slot)
	f.SetTag(frametest.Tag)
	f.SetATARequest(0, opcode, count, lba)
	return f
}

// TestOutlivesItsLink has a link fail, which is logged once, and work again.
func TestOutlivesItsLink(t *testing.T) {
	s := serve(t, frametest.Export{}, plainDisk)
	s.pass()
	s.link.Break(errors.New("network is down"))
	before := s.link.Receives()
	if !s.link.Await(func() bool { return s.link.Receives() >= before+3 }) {
		t.Fatal("the server gave the link up")
	}
	s.link.Break(nil)
	if s.ask(ataFrame(0x20, 1, 5, frametest.Slot)) == nil {
		t.Error("a read is not answered after the link came back")
	}
	s.end()
	log := s.log.String()
	if strings.Count(log, "network is down") != 1 || !strings.Contains(log, "memory0") {
		t.Errorf("want the link's failure logged once with its name; got\n%s", log)
	}
	want := "warning: memory0: cannot receive: network is down; retrying\ninfo: memory0: can receive again\n"
	if got := s.log.Leveled(); got != want {
		t.Errorf("logged is\n%swant\n%s", got, want)
	}
	if lines := strings.Count(log, "\n"); lines != 2 {
		t.Errorf("want a line for the failure and one for its end; got\n%s", log)
	}
}

// TestOutlivesLongReplies has the MTU become smaller behind the server's back:
// what cannot be sent is dropped or refused, and the server goes on.
func TestOutlivesLongReplies(t *testing.T) {
	s := serve(t, frametest.Export{MTU: 9000}, plainDisk)
	s.pass()
	s.link.SetMTU(1500)
	s.pass(ataFrame(0x24, 17, 5, frametest.Slot))
	if r := s.link.Reply(frametest.Tag); r != nil && (r[14] != 0x1c || r[15] != 2) {
		t.Errorf("a read of 17 sectors is answered at MTU 1500:\n%s", hex.Dump(r))
	}
	r := s.ask(ataFrame(0x24, 2, 5, frametest.Slot))
	if len(r) != aoe.ATALen+2*sectorSize {
		t.Errorf("a read of 2 sectors is answered by %d bytes", len(r))
	}
}

// TestSerialIsCut checks that a long host name is cut to 19 characters with
// shelf and slot (section 3).
func TestSerialIsCut(t *testing.T) {
	for host, want := range map[string]string{
		"":                              "62.5:4              ",
		"a":                             "62.5:4 a            ",
		"abcdefghijklm":                 "62.5:4badcfehgjilk m",
		"abcdefghijklmn":                "62.5:4badcfehgjilk m",
		"abcdefghijklmnopqrstuvwxyz.de": "62.5:4badcfehgjilk m",
	} {
		store := frametest.Export{}.NewStore()
		b := blade.New(store, blade.Config{Shelf: frametest.Shelf, Slot: frametest.Slot, Host: host})
		s := serveBlades(t, frametest.NewLink(1500), bufferLen, b)
		r := s.ask(ataFrame(0xec, 1, 0, frametest.Slot))
		if len(r) != aoe.ATALen+sectorSize {
			t.Fatalf("IDENTIFY is answered by %d bytes", len(r))
		}
		if got := string(r[36+20 : 36+40]); got != want {
			t.Errorf("on host %q the serial number's words are %q; want %q", host, got, want)
		}
	}
}

// TestSeveralBlades serves two blades on one link: each answers for itself.
func TestSeveralBlades(t *testing.T) {
	const n = 2
	var blades []*blade.Blade
	for i := range n {
		store := frametest.Export{ReadOnly: i == 1}.NewStore()
		blades = append(blades, blade.New(store, blade.Config{Shelf: frametest.Shelf, Slot: uint8(10 + i), Buffers: uint16(i)}))
	}
	s := serveBlades(t, frametest.NewLink(1500), bufferLen, blades...)
	for i := range n {
		f := aoe.Frame(s.ask(ataFrame(0x30, 0, 0, uint8(10+i))))
		if f == nil || f.Slot() != uint8(10+i) {
			t.Errorf("blade %d: the answer to it is %x", i, []byte(f))
		}
	}
	write := append(ataFrame(0x30, 1, 0, 10), make([]byte, sectorSize)...)
	if r := aoe.Frame(s.ask(write)); r == nil || r.ATAStatus() != 0x40 {
		t.Errorf("the writable blade does not write: %x", []byte(r))
	}
	write = append(ataFrame(0x30, 1, 0, 11), make([]byte, sectorSize)...)
	if r := aoe.Frame(s.ask(write)); r == nil || r.ATAStatus() != 0x41 {
		t.Errorf("the read-only blade writes: %x", []byte(r))
	}
	if r := s.ask(ataFrame(0x30, 0, 0, 12)); r != nil {
		t.Errorf("a blade that there is not answers: %x", r)
	}
}

// TestSectorCountIsOneByte checks that a config reply says 255 where more
// sectors fit (section 4), and that as many are served.
func TestSectorCountIsOneByte(t *testing.T) {
	const mtu = 300 * sectorSize
	b := newBlade(frametest.Export{}, frametest.Export{}.NewStore())
	s := serveBlades(t, frametest.NewLink(mtu), mtu+aoe.EthernetHeaderLen, b)
	if got := s.sectors(); got != 255 {
		t.Errorf("the config reply says %d sectors at MTU %d; want 255", got, mtu)
	}
	r := aoe.Frame(s.ask(ataFrame(0x24, 255, 0, frametest.Slot)))
	if r == nil || r.Has(aoe.FlagError) || r.ATAError() != 0x10 {
		t.Errorf("a read of 255 sectors of 64 is not just past the end: %x", []byte(r))
	}
}

// sectors asks for the scnt of the config reply.
func (s *session) sectors() int {
	s.t.Helper()
	f := make(aoe.Frame, aoe.ConfigLen)
	copy(f, ataFrame(0, 0, 0, frametest.Slot))
	f.SetHeader(aoe.Version, 0, aoe.CommandConfig)
	r := aoe.Frame(s.ask(f[:f.SetConfigRequest(aoe.ConfigRead, nil)]))
	if len(r) < aoe.MinLen {
		s.t.Fatalf("config read is answered by %d bytes", len(r))
	}
	return int(r.ConfigSectors())
}

// TestBuffersBoundTheMTU raises the MTU beyond what the buffers hold, as it can
// be on lo: the server serves on, within its buffers.
func TestBuffersBoundTheMTU(t *testing.T) {
	for _, mtu := range []int{bufferLen - 14, bufferLen - 13, 1 << 17, 1 << 30} {
		t.Run(fmt.Sprint(mtu), func(t *testing.T) {
			const most = (bufferLen - aoe.ATALen) / sectorSize
			link := frametest.NewLink(1500)
			s := serveBlades(t, link, bufferLen, newBlade(frametest.Export{}, frametest.Export{}.NewStore()))
			s.pass()
			link.SetMTU(mtu)
			if got := s.sectors(); got > most {
				t.Errorf("the config reply says %d sectors; the buffers hold %d", got, most)
			}
			r := aoe.Frame(s.ask(ataFrame(0x24, most, 0, frametest.Slot)))
			if len(r) != aoe.ATALen+most*sectorSize || r.ATAStatus() != 0x40 {
				t.Errorf("a read of %d sectors is answered by %d bytes", most, len(r))
			}
			if r = s.ask(ataFrame(0x24, most+1, 0, frametest.Slot)); r == nil || r.Error() != aoe.ErrArgument {
				t.Errorf("a read of more sectors than a buffer holds is answered by %d bytes", len(r))
			}
		})
	}
}
