// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// stopLength is how long a target is stopped: longer than a frame may wait.
const stopLength = 1300 * time.Millisecond

// writeTo returns a write of a sector to a target, with a tag of its own.
func writeTo(t *initiator.Target, src [6]byte, lba uint64, data []byte) []byte {
	f := make(aoe.Frame, aoe.ATALen+len(data))
	t.Command(f, aoe.ATAExtended|aoe.ATAWrite, ata.WriteExt, uint8(len(data)/sectorSize), lba)
	f.SetSrc(src)
	f.SetTag(0x70000000 + uint32(lba))
	copy(f[aoe.ATALen:], data)
	return f
}

// TestStoppedAndContinued stops one of two targets of a disk; writes wait for it
// while the initiator goes on by the other. When the stopped one continues, the newer
// data must stay. Frames wait in a ring, and, with the largest MTU, in a queue.
func TestStoppedAndContinued(t *testing.T) {
	for name, mtu := range map[string]int{"ring": 1500, "recvmmsg": 40000} {
		t.Run(name, func(t *testing.T) {
			const n = 20
			s := newLinks(t, 2, mtu)
			other := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
			v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt1", s.image)
			by, stopped := s.findOn(0, aoe.MAC{}), s.findOn(1, aoe.MAC{})
			wire := s.far.Station(t, "ini1")
			older, newer := bytes.Repeat([]byte("old "), sectorSize/4), bytes.Repeat([]byte("new "), sectorSize/4)
			s.must(0, v.Suspend())
			for lba := range uint64(n) {
				if err := wire.Send(writeTo(stopped, wire.MAC, lba, older)); err != nil {
					t.Fatal(err)
				}
			}
			late := time.After(stopLength)
			s.must(by.WriteAt(bytes.Repeat(newer, n), 0))
			<-late
			v.Signal(syscall.SIGCONT)
			s.must(stopped.ReadAt(make([]byte, sectorSize), 100*sectorSize))
			v.Signal(syscall.SIGUSR1)
			s.awaitLine(v, fmt.Sprintf(", %d stale", n))
			s.awaitLine(v, " dropped, which had waited for more than 1s") // all at once, or some of them
			for _, target := range []*lab.Process{v, other} {
				if err := target.Stop(); err != nil {
					t.Error(err)
				}
			}
			if !bytes.HasPrefix(s.content(), bytes.Repeat(newer, n)) {
				t.Errorf("older data is on the disk\n%s", v.Stderr())
			}
		})
	}
}

// awaitLine waits until a target has printed a text.
func (s *site) awaitLine(v *lab.Process, text string) {
	s.t.Helper()
	for end := time.Now().Add(patience); !strings.Contains(v.Stderr(), text); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			s.t.Fatalf("%q is not printed\n%s", text, v.Stderr())
		}
	}
}

// TestStoppedBehindAWrite stops a target that has received a write, which waits for
// another of the same sectors: when it continues, that one is not done any more. What
// only waits for the disk, for as long, is.
func TestStoppedBehindAWrite(t *testing.T) {
	for _, stops := range []bool{true, false} {
		t.Run(fmt.Sprintf("stopped=%v", stops), func(t *testing.T) {
			s := newSite(t, 1500)
			disk := s.slowDisk()
			v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", disk.Path())
			target := s.find(aoe.MAC{})
			wire := s.host.Station(t, "ini0")
			first, second := bytes.Repeat([]byte("1st "), sectorSize/4), bytes.Repeat([]byte("2nd "), sectorSize/4)
			disk.Hang(slowdisk.Write)
			for _, data := range [][]byte{first, second} {
				if err := wire.Send(writeTo(target, wire.MAC, 8, data)); err != nil {
					t.Fatal(err)
				}
			}
			if !disk.Await(slowdisk.Write, 1, 10*time.Second) {
				t.Fatal("the first write does not begin")
			}
			s.must(target.ReadAt(make([]byte, sectorSize), 4096*sectorSize)) // by then both are received
			late := time.After(stopLength)
			if stops {
				s.must(0, v.Suspend())
			}
			<-late
			if stops {
				v.Signal(syscall.SIGCONT)
			}
			disk.Release(slowdisk.Write)
			got := make([]byte, sectorSize)
			s.must(target.ReadAt(got, 8*sectorSize))
			want := second
			if stops {
				want = first
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the disk holds %q; want %q", got[:4], want[:4])
			}
			if err := v.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
}
