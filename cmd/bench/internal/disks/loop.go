// SPDX-License-Identifier: GPL-2.0-only

//go:build linux

package disks

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"vblade/internal/ata"
	"vblade/test/lab"
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
	return lab.OpenLoop(memory, ata.SectorSize)
}
