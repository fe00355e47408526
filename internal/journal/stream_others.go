// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package journal

import "io/fs"

// stream returns nothing: there is no systemd on this system.
func stream(fs.FileInfo) string { return "" }
