// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package netio

// Unsent returns 0: Send keeps no frames on this system.
func (l *Link) Unsent() uint64 { return 0 }
