// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/initiator"
)

// Two hosts on the LAN besides the wire's own end.
var (
	alice = aoe.MAC{2, 0, 0, 0, 0, 0xa}
	bob   = aoe.MAC{2, 0, 0, 0, 0, 0xb}
)

// TestReadWrite reads the disk whole and writes to it, at both usual MTUs and
// by the ways of opening the file.
func TestReadWrite(t *testing.T) {
	for _, mtu := range []int{1500, 9000} {
		for _, flags := range [][]string{nil, {"-d"}, {"-s"}, {"-ds"}} {
			t.Run(fmt.Sprint(mtu, flags), func(t *testing.T) {
				s := newSite(t, mtu)
				s.host.StartVblade(t, s.vblade, append(flags, "9", "0", "tgt0", s.image)...)
				target := s.find(aoe.MAC{})
				if want := (mtu - 36) / sectorSize; target.Sectors != want {
					t.Errorf("%d sectors a frame, want %d", target.Sectors, want)
				}
				target.SetWindow(64)
				testReadWrite(t, s, target)
			})
		}
	}
}

// testReadWrite writes random extents to a target and compares what it reads
// back, and the file, with what should be there.
func testReadWrite(t *testing.T, s *site, target *initiator.Target) {
	t.Helper()
	want := s.content()
	random := rand.New(rand.NewPCG(2, 3))
	for range 20 {
		n := 1 + random.IntN(100)
		off := random.IntN(diskSize/sectorSize-n) * sectorSize
		part := want[off : off+n*sectorSize]
		for i := range part {
			part[i] = byte(random.Uint32())
		}
		if _, err := target.WriteAt(part, int64(off)); err != nil {
			t.Fatal(err)
		}
	}
	if err := target.Flush(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, diskSize)
	if _, err := target.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("what is read is not what was written")
	}
	if !bytes.Equal(s.content(), want) {
		t.Error("the file does not hold what was written")
	}
}

// TestIdentify asks the disk what it is, and for a sector that it does not have.
func TestIdentify(t *testing.T) {
	s := newSite(t, 1500)
	s.host.StartVblade(t, s.vblade, "-o", "100", "-l", "0x200", "9", "0", "tgt0", s.image)
	target := s.find(aoe.MAC{})
	id, err := target.Identify()
	if err != nil {
		t.Fatal(err)
	}
	if id.Sectors != 0x200 || id.Firmware != "V25" || id.Model != "Coraid EtherDrive vblade" || !id.FlushExt {
		t.Errorf("identify: %+v", id)
	}
	first := make([]byte, sectorSize)
	if _, err := target.ReadAt(first, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, s.content()[100*sectorSize:101*sectorSize]) {
		t.Error("sector 0 is not sector 100 of the file")
	}
	var refused *initiator.ATAError
	if _, err := target.ReadAt(first, 0x200*sectorSize); !errors.As(err, &refused) {
		t.Errorf("reading past the end: %v, want an ATA error", err)
	}
}

// TestReadOnly writes to a read-only export.
func TestReadOnly(t *testing.T) {
	s := newSite(t, 1500)
	before := s.content()
	s.host.StartVblade(t, s.vblade, "-r", "9", "0", "tgt0", s.image)
	var refused *initiator.ATAError
	_, err := s.find(aoe.MAC{}).WriteAt(make([]byte, sectorSize), 0)
	if !errors.As(err, &refused) {
		t.Errorf("write: %v, want an ATA error", err)
	}
	if !bytes.Equal(s.content(), before) {
		t.Error("a read-only export has changed")
	}
}

// TestConfigString sets and asks for the config string.
func TestConfigString(t *testing.T) {
	s := newSite(t, 1500)
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	target := s.find(aoe.MAC{})
	steps := []struct {
		op        aoe.ConfigOp
		s, want   string
		wantError bool
	}{
		{aoe.ConfigRead, "", "", false},
		{aoe.ConfigSet, "lab disk", "lab disk", false},
		{aoe.ConfigTest, "lab disk", "lab disk", false},
		{aoe.ConfigPrefix, "lab", "lab disk", false},
		{aoe.ConfigSet, "other", "lab disk", true},
		{aoe.ConfigForceSet, "other", "other", false},
	}
	for _, step := range steps {
		got, err := target.ConfigString(step.op, step.s)
		if got != step.want || (err != nil) != step.wantError {
			t.Errorf("config %d %q: %q, %v; want %q, error %v", step.op, step.s, got, err, step.want, step.wantError)
		}
	}
}

// TestMasks shuts a host out of the mask list and lets it in again.
func TestMasks(t *testing.T) {
	s := newSite(t, 1500)
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image, "-m", "02000000000a,02:00:00:00:00:0b")
	a, b := s.find(alice), s.find(bob)
	if _, err := s.open("ini0", initiator.Options{Patience: 300 * time.Millisecond}).Find(9, 0); err == nil {
		t.Error("a host that is not in the list is answered")
	}
	list, err := a.EditMasks(initiator.Directive{Op: aoe.DirectiveDelete, MAC: bob})
	if err != nil || !slices.Equal(list, []aoe.MAC{alice}) {
		t.Errorf("after the edit: %x, %v", list, err)
	}
	short := s.open("ini0", initiator.Options{MAC: bob, Patience: 300 * time.Millisecond})
	if _, err := short.Find(9, 0); err == nil {
		t.Error("a host that was deleted from the list is answered")
	}
	if _, err := a.EditMasks(initiator.Directive{Op: aoe.DirectiveAdd, MAC: bob}); err != nil {
		t.Error(err)
	}
	if list, err := b.Masks(); err != nil || !slices.Equal(list, []aoe.MAC{alice, bob}) {
		t.Errorf("at the end: %x, %v", list, err)
	}
}

// TestReservation reserves the target for one host, against another.
func TestReservation(t *testing.T) {
	s := newSite(t, 1500)
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	a, b := s.find(alice), s.find(bob)
	if _, err := a.Reserve(false, alice); err != nil {
		t.Fatal(err)
	}
	var refused *initiator.AoEError
	sector := make([]byte, sectorSize)
	if _, err := b.WriteAt(sector, 0); !errors.As(err, &refused) || refused.Code != aoe.ErrReserved {
		t.Errorf("a write against the reservation: %v", err)
	}
	if _, err := b.Identify(); err != nil {
		t.Errorf("identify against the reservation: %v", err)
	}
	if list, err := b.Reserve(false, bob); !errors.As(err, &refused) || !slices.Equal(list, []aoe.MAC{alice}) {
		t.Errorf("reserving what is reserved: %x, %v", list, err)
	}
	if _, err := a.WriteAt(sector, 0); err != nil {
		t.Errorf("a write of the holder: %v", err)
	}
	if list, err := b.Reserve(true, bob); err != nil || !slices.Equal(list, []aoe.MAC{bob}) {
		t.Errorf("a forced reservation: %x, %v", list, err)
	}
	if list, err := b.Reserve(false); err != nil || len(list) != 0 {
		t.Errorf("release: %x, %v", list, err)
	}
}
