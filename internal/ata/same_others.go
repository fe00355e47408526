// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package ata

import "os"

// isSame reports whether a and b are the same file.
func isSame(a, b os.FileInfo) bool { return os.SameFile(a, b) }
