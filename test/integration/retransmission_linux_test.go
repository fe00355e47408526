// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// TestRetransmission has an impatient initiator overwrite the same sectors
// again and again on a slow disk: every request arrives several times, and
// duplicates of acknowledged writes wait when newer ones arrive. What is read
// must always be the last version that was acknowledged.
func TestRetransmission(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *site, disk *slowExport) {
		v := s.startSlow(disk)
		ini := s.open("ini0", initiator.Options{Retry: 300 * time.Microsecond})
		target, err := ini.Find(9, 0)
		if err != nil {
			t.Fatal(err)
		}
		target.SetWindow(16)
		const extent = 32 << 10
		for version := range uint64(40) {
			disk.SetDelay(slowdisk.Write, time.Duration(version%4)*time.Millisecond)
			data := bytes.Repeat(binary.BigEndian.AppendUint64(nil, version), extent/8)
			if _, err := target.WriteAt(data, 0); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, extent)
			if _, err := target.ReadAt(got, 0); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, data) {
				t.Fatalf("after version %d was acknowledged another is read", version)
			}
		}
		if ini.Retransmissions < 100 {
			t.Errorf("only %d requests were repeated: the test tested little", ini.Retransmissions)
		}
		lab.CheckRings(t, v, disk.rings)
		if !v.Alive() {
			t.Fatalf("vblade ended: %s", v.Stderr())
		}
	})
}

// TestOverlappingWrites has three writes to the same sectors outstanding at once:
// the last one on the wire is the one that stays.
func TestOverlappingWrites(t *testing.T) {
	s := newSite(t, 1500)
	s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	target := s.find(aoe.MAC{})
	write := func(version byte) initiator.Exchange {
		return initiator.Exchange{
			Requests: 3, // the same sectors thrice, all outstanding at once
			Window:   3,
			Build: func(k int, f aoe.Frame) int {
				target.Command(f, aoe.ATAExtended|aoe.ATAWrite, ata.WriteExt, 2, 0)
				return aoe.ATALen + copy(f[aoe.ATALen:], bytes.Repeat([]byte{version + byte(k)}, 2*sectorSize))
			},
			Reply: func(_ int, f aoe.Frame, _ time.Duration) error { return target.Check(f, ata.WriteExt) },
		}
	}
	for version := range byte(80) {
		if err := target.Initiator().Run(write(3 * version)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 2*sectorSize)
		if _, err := target.ReadAt(got, 0); err != nil {
			t.Fatal(err)
		}
		if want := bytes.Repeat([]byte{3*version + 2}, 2*sectorSize); !bytes.Equal(got, want) {
			t.Fatalf("the last of three writes to a sector was %#x, read is %#x", want[0], got[0])
		}
	}
}

// TestHungSectors has reads of some sectors hang for ever, sent again and again
// by an impatient initiator: others are served.
func TestHungSectors(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *site, disk *slowExport) {
		v := s.startSlow(disk)
		disk.Hang(slowdisk.Read)
		impatient := s.findAs("ini0", initiator.Options{Patience: 500 * time.Millisecond, Retry: time.Millisecond}, 0)
		const sectors = 16
		for try := 0; impatient.Initiator().Retransmissions < 5*sectors; try++ { // more than one on a busy machine
			err := impatient.Initiator().Run(initiator.Exchange{
				Requests: sectors,
				Window:   sectors,
				Build: func(k int, f aoe.Frame) int {
					return impatient.Command(f, aoe.ATAExtended, ata.ReadExt, 1, 2*uint64(k))
				},
				Reply: func(int, aoe.Frame, time.Duration) error { return errors.New("a hanging read is answered") },
			})
			if !errors.As(err, new(*initiator.TimeoutError)) || try == 20 {
				t.Fatalf("after %d repetitions: %v", impatient.Initiator().Retransmissions, err)
			}
		}
		target := s.find(aoe.MAC{})
		data := bytes.Repeat([]byte{0xa5}, 1<<20)
		s.must(target.WriteAt(data, 1<<20))
		if _, err := target.Identify(); err != nil {
			t.Error(err)
		}
		disk.Release(slowdisk.Read)
		lab.CheckRings(t, v, disk.rings)
		got := make([]byte, len(data))
		s.must(target.ReadAt(got, 1<<20))
		if !bytes.Equal(got, data) {
			t.Error("what was written is not what is read")
		}
		s.logged(v)
	})
}
