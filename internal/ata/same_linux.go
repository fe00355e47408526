// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"os"
	"syscall"
)

// isSame reports whether a and b are the same file or the same device, possibly
// by different device nodes.
func isSame(a, b os.FileInfo) bool {
	if !isDisk(a.Mode()) || !isDisk(b.Mode()) {
		return os.SameFile(a, b)
	}
	return a.Sys().(*syscall.Stat_t).Rdev == b.Sys().(*syscall.Stat_t).Rdev
}
