// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package ata

import "os"

// isSame tells whether a and b are of the same file.
func isSame(a, b os.FileInfo) bool { return os.SameFile(a, b) }
