// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/test/lab"
)

// Two links, as the command line names them.
const twoLinks = "tgt0,tgt1"

// newLinks makes a site of two hosts with so many wires from one to the other, tgt0
// to ini0, tgt1 to ini1 and so on; all of MTU 1500, but for the last.
func newLinks(t *testing.T, n, last int) *site {
	t.Helper()
	s := &site{t: t, host: lab.TestHost(t), far: lab.TestHost(t), vblade: program}
	for i := range n {
		mtu := 1500
		if i == n-1 {
			mtu = last
		}
		if err := s.host.WireTo(s.far, fmt.Sprint("tgt", i), fmt.Sprint("ini", i), mtu); err != nil {
			t.Fatal(err)
		}
	}
	s.image = s.disk("disk.img")
	return s
}

// findOn finds e9.0 on the initiator's end of wire i, from an address; the zero
// one is the interface's own.
func (s *site) findOn(i int, mac aoe.MAC) *initiator.Target {
	s.t.Helper()
	target, err := s.open(fmt.Sprint("ini", i), initiator.Options{MAC: mac}).Find(9, 0)
	if err != nil {
		s.t.Fatalf("on wire %d: %v", i, err)
	}
	return target
}

// TestTwoLinksAdvertise listens on both links for what an export says at start,
// and asks on both.
func TestTwoLinksAdvertise(t *testing.T) {
	s := newLinks(t, 2, 1500)
	var stations []*lab.Station
	for i := range 2 {
		stations = append(stations, s.far.Station(t, fmt.Sprint("ini", i)))
	}
	v := s.host.StartVblade(t, s.vblade, "9", "0", twoLinks, s.image)
	if want := fmt.Sprintf("pid %d: e9.0, %d sectors O_RDWR", v.Pid(), diskSize/sectorSize); v.Line != want {
		t.Errorf("printed %q, want %q", v.Line, want)
	}
	var heard [2]int
	all, err := lab.Hear(patience, stations, func(at int, b []byte) bool {
		if f := aoe.Frame(b); f.Command() == aoe.CommandConfig && f.Has(aoe.FlagResponse) && f.Shelf() == 9 && f.Slot() == 0 {
			heard[at]++
		}
		return heard[0] > 0 && heard[1] > 0
	})
	if err != nil || !all {
		t.Errorf("on the two links %v advertisements were heard, %v", heard, err)
	}
	a, b := s.findOn(0, aoe.MAC{}), s.findOn(1, aoe.MAC{})
	if a.MAC == b.MAC {
		t.Errorf("on both links the target is %v", a.MAC)
	}
	testReadWrite(t, s, a)
	s.logged(v)
}

// TestTwoLinksConfig sets the config string on one link: it holds on the other.
func TestTwoLinksConfig(t *testing.T) {
	s := newLinks(t, 2, 1500)
	v := s.host.StartVblade(t, s.vblade, "9", "0", twoLinks, s.image)
	paths := []*initiator.Target{s.findOn(0, aoe.MAC{}), s.findOn(1, aoe.MAC{})}
	for i := range 10 {
		want := fmt.Sprint("number ", i)
		if _, err := paths[i%2].ConfigString(aoe.ConfigForceSet, want); err != nil {
			t.Fatal(err)
		}
		if got, err := paths[(i+1)%2].ConfigString(aoe.ConfigRead, ""); err != nil || got != want {
			t.Errorf("set on link %d to %q, it is %q on the other; %v", i%2, want, got, err)
		}
		var refusal *initiator.AoEError
		if _, err := paths[(i+1)%2].ConfigString(aoe.ConfigSet, "other"); !errors.As(err, &refusal) || refusal.Code != aoe.ErrConfig {
			t.Errorf("a set on the other link: %v; want error %d", err, aoe.ErrConfig)
		}
	}
	s.logged(v)
}

// TestTwoLinksReservation reserves on one link: who is left out is so on both, and
// who is in the list may read on both.
func TestTwoLinksReservation(t *testing.T) {
	s := newLinks(t, 2, 1500)
	s.host.StartVblade(t, s.vblade, "9", "0", twoLinks, s.image)
	sector := make([]byte, sectorSize)
	for link := range 2 {
		in := []*initiator.Target{s.findOn(0, alice), s.findOn(1, alice)}
		out := []*initiator.Target{s.findOn(0, bob), s.findOn(1, bob)}
		if _, err := in[link].Reserve(false, alice); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			var refusal *initiator.AoEError
			if _, err := out[i].WriteAt(sector, 0); !errors.As(err, &refusal) || refusal.Code != aoe.ErrReserved {
				t.Errorf("reserved on link %d; who is left out writes on link %d: %v", link, i, err)
			}
			if _, err := in[i].WriteAt(sector, 0); err != nil {
				t.Errorf("reserved on link %d; who reserved writes on link %d: %v", link, i, err)
			}
		}
		if list, err := in[1-link].Reserve(false); err != nil || len(list) > 0 {
			t.Errorf("released on the other link, it is for %v; %v", list, err)
		}
		if _, err := out[link].WriteAt(sector, 0); err != nil {
			t.Errorf("after its release: %v", err)
		}
	}
}

// TestTwoLinksMasks edits the masks on one link: both admit and shut out the same.
func TestTwoLinksMasks(t *testing.T) {
	s := newLinks(t, 2, 1500)
	s.host.StartVblade(t, s.vblade, "-m", fmt.Sprintf("%x", alice[:]), "9", "0", twoLinks, s.image)
	in := []*initiator.Target{s.findOn(0, alice), s.findOn(1, alice)}
	seen := func(link int, want bool) bool {
		o := initiator.Options{MAC: bob}
		if !want {
			o.Patience = 300 * time.Millisecond
		}
		_, err := s.open(fmt.Sprint("ini", link), o).Find(9, 0)
		return err == nil
	}
	for link := range 2 {
		for _, op := range []aoe.DirectiveOp{aoe.DirectiveAdd, aoe.DirectiveDelete} {
			list, err := in[link].EditMasks(initiator.Directive{Op: op, MAC: bob})
			if err != nil || slices.Contains(list, bob) != (op == aoe.DirectiveAdd) {
				t.Fatalf("the list is %v, %v", list, err)
			}
			for i := range 2 {
				want := op == aoe.DirectiveAdd
				if got := seen(i, want); got != want {
					t.Errorf("directive %d on link %d: on link %d its MAC is answered: %v", op, link, i, got)
				}
			}
		}
	}
}

// TestTwoLinksMTU has links of different MTU: each takes as much as it carries.
func TestTwoLinksMTU(t *testing.T) {
	s := newLinks(t, 2, 9000)
	s.host.StartVblade(t, s.vblade, "9", "0", twoLinks, s.image)
	narrow, wide := s.findOn(0, aoe.MAC{}), s.findOn(1, aoe.MAC{})
	if narrow.Sectors != 2 || wide.Sectors != 17 {
		t.Fatalf("%d and %d sectors a frame; want 2 and 17", narrow.Sectors, wide.Sectors)
	}
	testReadWrite(t, s, wide)
	narrow.Sectors = 3 // more than its link carries
	var refusal *initiator.AoEError
	if _, err := narrow.ReadAt(make([]byte, 3*sectorSize), 0); !errors.As(err, &refusal) || refusal.Code != aoe.ErrArgument {
		t.Errorf("a read of 3 sectors on the narrow link: %v; want error %d", err, aoe.ErrArgument)
	}
}

// TestMissingLink starts vblade with a link that is not there: it refuses, and
// names it.
func TestMissingLink(t *testing.T) {
	s := newSite(t, 1500)
	out, err := s.host.Output(s.vblade, "9", "0", "tgt0,nothing0", s.image)
	if err == nil || !slices.Contains([]byte(out), '\n') || !containsAll(string(out), "vblade: ", "nothing0") {
		t.Errorf("%v, it printed %q", err, out)
	}
}

// TestTwoLinksBusy has an initiator busy on each link with sectors of its own.
func TestTwoLinksBusy(t *testing.T) {
	s := newLinks(t, 2, 1500)
	v := s.host.StartVblade(t, s.vblade, "9", "0", twoLinks, s.image)
	ended := make(chan error)
	for i := range 2 {
		target := s.findOn(i, aoe.MAC{})
		go func() {
			const part = diskSize / 2
			data, got := make([]byte, part), make([]byte, part)
			for round := range byte(4) {
				for k := range data {
					data[k] = round ^ byte(k>>9) ^ byte(i<<7)
				}
				_, err := target.WriteAt(data, int64(i)*part)
				if err == nil {
					_, err = target.ReadAt(got, int64(i)*part)
				}
				if err == nil && !slices.Equal(got, data) {
					err = fmt.Errorf("link %d, round %d: what was written is not what is read", i, round)
				}
				if err != nil {
					ended <- err
					return
				}
			}
			ended <- target.Flush()
		}()
	}
	if err := errors.Join(<-ended, <-ended); err != nil {
		t.Error(err)
	}
	s.logged(v)
}

// ataRequest is an ATA command to e9.0 at an address on a link.
func ataRequest(st *lab.Station, dst aoe.MAC, opcode, count uint8, lba uint64, data []byte) aoe.Frame {
	f := make(aoe.Frame, max(aoe.MinLen, aoe.ATALen+len(data)))
	f.SetHeader(aoe.Version, 0, aoe.CommandATA)
	f.SetDst(dst)
	f.SetSrc(st.MAC)
	f.SetTarget(9, 0)
	flags := aoe.ATAExtended
	if opcode == ata.WriteExt {
		flags |= aoe.ATAWrite
	}
	f.SetATARequest(flags, opcode, count, lba)
	copy(f[aoe.ATALen:], data)
	return f
}
