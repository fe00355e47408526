// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/internal/ata"
	"vblade/internal/initiator"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// refused checks that an error is a disk's refusal with bits in the error
// register and so many sectors not done.
func (s *site) refused(what string, err error, bits, left uint8) {
	s.t.Helper()
	var refusal *initiator.ATAError
	if !errors.As(err, &refusal) || refusal.Status != ata.StatusReady|ata.StatusError || refusal.Err != bits || refusal.Left != left {
		s.t.Errorf("%s: %v; want error %#02x with %d sectors not done", what, err, bits, left)
	}
}

// must ends the test with an error.
func (s *site) must(_ int, err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// TestBadSectors serves a disk with two bad sectors, and has requests that
// follow each other outstanding, which vblade does in few calls: those of the
// bad sectors fail, the others do not.
func TestBadSectors(t *testing.T) {
	eachEngine(t, func(t *testing.T, s *site, disk *slowExport) {
		v := s.startSlow(disk)
		target := s.find(aoe.MAC{})
		disk.SetBadSectors(101, 2, unix.EIO)
		for _, opcode := range []uint8{ata.ReadExt, ata.WriteExt} {
			for k, err := range s.inPairs(target, opcode, 80, 20) {
				switch lba := 80 + 2*k; lba {
				case 100:
					s.refused("a good and a bad sector", err, ata.ErrorAborted, disk.left(2, 1))
				case 102:
					s.refused("a bad and a good sector", err, ata.ErrorAborted, 2)
				default:
					if err != nil {
						t.Errorf("two good sectors at LBA %d: %v", lba, err)
					}
				}
			}
		}
		disk.SetBadSectors(0, 0, 0)
		s.must(target.ReadAt(make([]byte, diskSize), 0))
		lab.CheckRings(t, v, disk.rings)
		s.logged(v, "e9.0: read of 2 sectors at LBA 100: input/output error")
	})
}

// inPairs has n requests of two sectors each outstanding, one behind the other
// from a sector on, and returns how they ended.
func (s *site) inPairs(target *initiator.Target, opcode uint8, first uint64, n int) []error {
	s.t.Helper()
	errs := make([]error, n)
	err := target.Initiator().Run(initiator.Exchange{
		Requests: n,
		Window:   n,
		Build: func(k int, f aoe.Frame) int {
			lba := first + 2*uint64(k)
			if opcode == ata.ReadExt {
				return target.Command(f, aoe.ATAExtended, opcode, 2, lba)
			}
			target.Command(f, aoe.ATAExtended|aoe.ATAWrite, opcode, 2, lba)
			return aoe.ATALen + 2*sectorSize
		},
		Reply: func(k int, f aoe.Frame, _ time.Duration) error {
			errs[k] = target.Check(f, opcode)
			return nil
		},
	})
	s.must(0, err)
	return errs
}

// TestHang has a disk hang under two reads: when they have not ended for 10
// seconds a line says so, and another when the disk goes on. Meanwhile the report
// shows the age of the older one.
func TestHang(t *testing.T) {
	s := newSite(t, 1500)
	disk := s.slowDisk()
	disk.Hang(slowdisk.Read)
	st := s.newStation()
	v, stderr := s.startWithStderr("9", "0", "tgt0", disk.Path())
	st.await(1)
	await := func(want string) string {
		t.Helper()
		line, err := stderr.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, want) {
			t.Fatalf("%q, %v; want %s", line, err, want)
		}
		return line
	}
	st.send(1, st.request(ata.Read, 1, 8, 0))
	st.send(1, st.request(ata.Read, 1, 800, 0))
	await("vblade: e9.0: read of 1 sector at LBA 8 has not ended for 10s: the disk hangs\n")
	v.Signal(syscall.SIGUSR1)
	if line := await("e9.0: 0 reads"); !regexp.MustCompile(`, 2 in flight, .*, oldest 1[0-9]\.[0-9] s \(disk hanging\)\n$`).MatchString(line) {
		t.Errorf("the report is %s", line)
	}
	await("tgt0: ")
	disk.Release(slowdisk.Read)
	st.await(2)
	await("vblade: e9.0: the disk goes on\n")
	if err := v.Stop(); err != nil {
		t.Error(err)
	}
}

// TestOutage has every read, write and flush fail for a while, as a full file
// system and a disk that is gone do; with -s, so that a failed flush loses
// nothing. It works again when the disk does.
func TestOutage(t *testing.T) {
	for _, errno := range []unix.Errno{unix.ENOSPC, unix.ENXIO, unix.ENODEV, unix.EIO} {
		t.Run(unix.ErrnoName(errno), func(t *testing.T) {
			s := newSite(t, 1500)
			disk := s.slowDisk()
			v := s.host.StartVblade(t, s.vblade, "-s", "9", "0", "tgt0", disk.Path())
			target := s.find(aoe.MAC{})
			data := bytes.Repeat([]byte{0xa5}, 2*sectorSize)
			for range 2 {
				for op := slowdisk.Read; op <= slowdisk.Sync; op++ {
					disk.SetError(op, errno)
				}
				_, err := target.WriteAt(data, 1234*sectorSize)
				s.refused("a write", err, ata.ErrorAborted, 2)
				_, err = target.ReadAt(make([]byte, sectorSize), 0)
				s.refused("a read", err, ata.ErrorAborted, 1)
				s.refused("a flush", target.Flush(), ata.ErrorAborted, 0)
				if _, err := target.Identify(); err != nil {
					t.Errorf("IDENTIFY: %v", err)
				}
				for op := slowdisk.Read; op <= slowdisk.Sync; op++ {
					disk.SetError(op, 0)
				}
				s.must(target.WriteAt(data, 1234*sectorSize))
				s.must(target.ReadAt(make([]byte, sectorSize), 0))
				s.must(0, target.Flush())
			}
			s.logged(v, "e9.0: write of 2 sectors at LBA 1234: "+errno.Error())
		})
	}
}

// TestResizedFile truncates the file of a target and lets it grow.
func TestResizedFile(t *testing.T) {
	s := newSite(t, 1500)
	v := s.host.StartVblade(t, s.vblade, "-o", "10", "9", "0", "tgt0", s.image)
	target := s.find(aoe.MAC{})
	size := func(sectors int64) {
		t.Helper()
		if id, err := target.Identify(); err != nil || id.Sectors != sectors {
			t.Errorf("%d sectors, %v; want %d", id.Sectors, err, sectors)
		}
	}
	const sectors = diskSize / sectorSize
	size(sectors - 10)
	s.must(0, os.Truncate(s.image, 100*sectorSize))
	_, err := target.ReadAt(make([]byte, 2*sectorSize), 89*sectorSize)
	var log []string
	var refusal *initiator.ATAError
	if !errors.As(err, &refusal) || refusal.Err != ata.ErrorNotFound { // else vblade has just noticed
		s.refused("a read across the end", err, ata.ErrorAborted, 1)
		log = append(log, "e9.0: read of 2 sectors at LBA 89: the disk ends before that")
	}
	size(90)
	_, err = target.ReadAt(make([]byte, 2*sectorSize), 89*sectorSize)
	s.refused("a read across the known end", err, ata.ErrorNotFound, 2)
	_, err = target.WriteAt(make([]byte, sectorSize), 90*sectorSize)
	s.refused("a write behind the known end", err, ata.ErrorNotFound, 1)
	s.must(0, os.Truncate(s.image, 2*diskSize))
	size(2*sectors - 10)
	s.must(target.WriteAt(make([]byte, sectorSize), (2*sectors-11)*sectorSize))
	s.logged(v, append(log, "e9.0: the disk has 90 sectors now, not 16374",
		"e9.0: the disk has 32758 sectors now, not 90")...)
}

// TestReplacedFile puts another file in the place of a target's, which serves
// the one it has opened.
func TestReplacedFile(t *testing.T) {
	s := newSite(t, 1500)
	content, other := s.content(), s.disk("other.img")
	v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", s.image)
	target := s.find(aoe.MAC{})
	s.must(0, os.WriteFile(other, make([]byte, sectorSize), 0o600))
	s.must(0, os.Rename(other, s.image))
	for range 2 {
		if id, err := target.Identify(); err != nil || id.Sectors != diskSize/sectorSize {
			t.Errorf("%d sectors, %v", id.Sectors, err)
		}
	}
	got := make([]byte, diskSize)
	s.must(target.ReadAt(got, 0))
	if !bytes.Equal(got, content) {
		t.Error("what is read is not the file that was opened")
	}
	s.logged(v, "e9.0: "+s.image+": it was removed or replaced: unless it has another name, what is written is lost when vblade ends; restart vblade")
}

// TestDetachedDevice detaches the loop device that a target serves while it is
// written and read: the kernel waits for the target to end.
func TestDetachedDevice(t *testing.T) {
	s := newSite(t, 1500)
	device := lab.LoopDevice(t, s.image)
	v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", device.Name())
	target := s.find(aoe.MAC{})
	data, got := make([]byte, 1<<20), make([]byte, 1<<20)
	for round := range byte(20) {
		if round == 10 {
			device.Close()
		}
		for i := range data {
			data[i] = round ^ byte(i>>9)
		}
		s.must(target.WriteAt(data, 0))
		s.must(target.ReadAt(got, 0))
		if !bytes.Equal(got, data) {
			t.Fatalf("round %d: what was written is not what is read", round)
		}
	}
	if _, err := target.Identify(); err != nil {
		t.Error(err)
	}
	name, err := os.ReadFile("/proc/self/comm")
	s.must(0, err)
	s.logged(v, fmt.Sprintf("%s: process %d (%s) has it open, too; if another host writes to it, this host's page cache goes stale: -d passes it",
		device.Name(), os.Getpid(), bytes.TrimSpace(name)))
	if !bytes.Equal(s.content()[:len(data)], data) {
		t.Error("the file does not hold what was written last")
	}
}

// TestFailedFlush fails one flush: no later one succeeds until vblade is
// restarted, and its end says so. Reads and writes go on.
func TestFailedFlush(t *testing.T) {
	s := newSite(t, 1500)
	disk := s.slowDisk()
	v := s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", disk.Path())
	target := s.find(aoe.MAC{})
	s.must(0, target.Flush())
	disk.SetError(slowdisk.Sync, unix.EIO)
	s.refused("the flush that fails", target.Flush(), ata.ErrorAborted, 0)
	disk.SetError(slowdisk.Sync, 0)
	for range 3 {
		s.must(target.WriteAt(make([]byte, sectorSize), 0))
		s.must(target.ReadAt(make([]byte, sectorSize), 0))
		s.refused("a flush after it", target.Flush(), ata.ErrorAborted, 0)
	}
	var ended *exec.ExitError
	if err := v.Stop(); !errors.As(err, &ended) || ended.ExitCode() != 1 {
		t.Errorf("it ends with %v; want status 1", err)
	}
	s.printed(v, "e9.0: flush: input/output error; what was written may be lost, although it was answered; from now on every flush fails: "+
		"check the disk and what is on it, then restart vblade",
		"e9.0: the last sync failed: input/output error; what was written may be lost")
	v = s.host.StartVblade(t, s.vblade, "9", "0", "tgt0", disk.Path())
	s.must(0, target.Flush())
	s.logged(v)
}
