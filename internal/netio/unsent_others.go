// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux

package netio

// Unsent returns how many frames Send has accepted and the Link has dropped since:
// none here, where Send keeps no frames.
func (l *Link) Unsent() uint64 { return 0 }
