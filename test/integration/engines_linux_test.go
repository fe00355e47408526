// SPDX-License-Identifier: GPL-2.0-only

package integration

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"vblade/internal/aoe"
	"vblade/test/lab"
	"vblade/test/slowdisk"
)

// slowExport is a slow disk that vblade leaves to its workers, or reads and writes by
// io_uring.
type slowExport struct {
	*slowdisk.Disk
	served []string // vblade's arguments to serve it, the path last
	rings  bool
}

// eachEngine runs a test on a slow disk of each kind, on a site of its own. Where
// workers are to wait for all disks, there is one kind: the kernel does not let go of a
// thread that waits for a device that hangs.
func eachEngine(t *testing.T, test func(*testing.T, *site, *slowExport)) {
	t.Run("workers", func(t *testing.T) {
		s := newSite(t, 1500)
		test(t, s, s.slowExport())
	})
	if os.Getenv("VBLADE_IO_URING") == "off" {
		return
	}
	t.Run("io_uring", func(t *testing.T) {
		s := newSite(t, 1500)
		d, device := slowdisk.TestDevice(t, diskSize)
		test(t, s, &slowExport{Disk: d, served: []string{"-d", device}, rings: true})
	})
}

// slowExport makes a slow disk for workers.
func (s *site) slowExport() *slowExport {
	s.t.Helper()
	d := s.slowDisk()
	return &slowExport{Disk: d, served: []string{d.Path()}}
}

// startSlow starts a target on a slow disk.
func (s *site) startSlow(d *slowExport) *lab.Process {
	s.t.Helper()
	return s.host.StartVblade(s.t, s.vblade, append([]string{"9", "0", "tgt0"}, d.served...)...)
}

// left returns how many sectors of a request are not done of which a bad sector is,
// and so many from there on: a device does all of a request or nothing.
func (d *slowExport) left(all, from uint8) uint8 {
	if d.rings {
		return all
	}
	return from
}

// TestWithoutRings starts targets where the kernel has no io_uring, or forbids it:
// each says once that workers wait for disks and why, and serves. Where the
// environment asks for workers, nothing is said.
func TestWithoutRings(t *testing.T) {
	const said = "workers wait for disks, which costs more: make an io_uring: "
	for name, c := range map[string]struct {
		refusal unix.Errno
		wanted  string
		want    []string
	}{
		"no io_uring": {unix.ENOSYS, "", []string{said + "function not implemented (the kernel has none, or a container's seccomp filter hides it)"}},
		"forbidden":   {unix.EPERM, "", []string{said + "operation not permitted (forbidden by the sysctl kernel.io_uring_disabled, by a container's seccomp filter or by the system's policy)"}},
		"not wanted":  {0, "off", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, 1500)
			disk, device := slowdisk.TestDevice(t, diskSize)
			self, err := os.Executable()
			s.must(0, err)
			cmd := exec.Command(self, s.vblade, "-d", "9", "0", "tgt0", device)
			cmd.Env = append(os.Environ(), "VBLADE_IO_URING="+c.wanted, fmt.Sprint(refusalVar, "=", int(c.refusal)))
			v := s.host.StartCommand(t, cmd)
			target := s.find(aoe.MAC{})
			data, got := bytes.Repeat([]byte("workers "), diskSize/8), make([]byte, diskSize)
			s.must(target.WriteAt(data, 0))
			if disk.Content(got, 0); !bytes.Equal(got, data) {
				t.Error("the disk does not hold what was written")
			}
			s.must(target.ReadAt(got, 0))
			if !bytes.Equal(got, data) {
				t.Error("what is read is not what was written")
			}
			lab.CheckRings(t, v, false)
			s.logged(v, c.want...)
		})
	}
}

// refusalVar names the environment variable that has the tests' program become
// another, its arguments, for which io_uring_setup fails with the error of that number,
// unless it is 0.
const refusalVar = "VBLADE_TEST_REFUSE_RINGS"

// becomeRefused does what refusalVar asks for.
func becomeRefused(number string) error {
	errno, err := strconv.ParseUint(number, 10, 12)
	if err != nil {
		return err
	}
	if errno != 0 {
		runtime.LockOSThread()
		if err := refuseRings(uint32(errno)); err != nil {
			return fmt.Errorf("forbid io_uring: %w", err)
		}
	}
	return unix.Exec(os.Args[1], os.Args[1:], os.Environ())
}

// refuseRings makes io_uring_setup fail in this thread, and in what it becomes.
func refuseRings(errno uint32) error {
	program := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the number of the system call
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_IO_URING_SETUP, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | errno},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&filter)), 0, 0)
}
