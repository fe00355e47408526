// SPDX-License-Identifier: GPL-2.0-only

package confine_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"vblade/internal/confine"
	"vblade/test/lab"
)

// TestOldKernel confines a process on a kernel that knows nothing of Landlock:
// it says so, and does the rest.
func TestOldKernel(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/"+diskName, make([]byte, 512), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, line := startHelper(t, lab.TestHost(t), "old", dir)
	if !strings.Contains(line, "Landlock ABI v0") || !strings.Contains(line, "Linux 6.12") || strings.Count(line, "\n") != 1 {
		t.Errorf("it says %q", line)
	}
	lab.CheckConfined(t, cmd.Process.Pid)
}

// runOld is the confined process on such a kernel. It prints what Process says.
func runOld(dir string) error {
	if err := hideLandlock(); err != nil {
		return err
	}
	fmt.Println(confine.Process(dir+"/"+diskName, true, false))
	os.Stdin.Read(make([]byte, 1))
	return nil
}

// hideLandlock has the kernel answer Landlock's system calls as one that has none.
func hideLandlock() error {
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 0, Size: 4}, // the call's number
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: unix.SYS_LANDLOCK_CREATE_RULESET, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpGreaterThan, Val: unix.SYS_LANDLOCK_RESTRICT_SELF, SkipTrue: 1},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW},
	})
	if err != nil {
		return err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: (*unix.SockFilter)(unsafe.Pointer(&program[0]))}
	_, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&filter)))
	if e != 0 {
		return fmt.Errorf("install a seccomp filter: %w", e)
	}
	return nil
}
