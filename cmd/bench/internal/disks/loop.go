// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package disks

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"vblade/cmd/bench/internal/rig"
	"vblade/internal/ata"
)

// makeLoop makes a disk as fast as memory: a loop device over a file that has no
// name. The kernel removes it with its last user.
func makeLoop(size int64) (*os.File, error) {
	fd, err := unix.MemfdCreate("disk", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	memory := os.NewFile(uintptr(fd), "disk")
	defer memory.Close() // the loop device keeps it open
	if err := fill(memory, size); err != nil {
		return nil, err
	}
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("make a loop device: %w (needs root and the module loop)", err)
	}
	defer control.Close()
	for end := time.Now().Add(rig.Patience); ; {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("find a free loop device: %w", err)
		}
		loop, err := attach(fmt.Sprint("/dev/loop", n), memory)
		// Another process may have taken it.
		if !errors.Is(err, unix.EBUSY) || time.Now().After(end) {
			return loop, err
		}
	}
}

// attach attaches a file to the loop device at path.
func attach(path string, file *os.File) (*os.File, error) {
	loop, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	config := unix.LoopConfig{Fd: uint32(file.Fd()), Size: ata.SectorSize}
	config.Info.Flags = unix.LO_FLAGS_AUTOCLEAR
	if err := unix.IoctlLoopConfigure(int(loop.Fd()), &config); err != nil {
		loop.Close()
		return nil, fmt.Errorf("configure %s: %w", path, err)
	}
	return loop, nil
}
