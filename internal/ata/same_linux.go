// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"os"
	"syscall"
)

// isSame tells whether a and b are of the same file or, whatever nodes lead to
// it, of the same device.
func isSame(a, b os.FileInfo) bool {
	if !isDisk(a.Mode()) || !isDisk(b.Mode()) {
		return os.SameFile(a, b)
	}
	return a.Sys().(*syscall.Stat_t).Rdev == b.Sys().(*syscall.Stat_t).Rdev
}
