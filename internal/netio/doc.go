// SPDX-License-Identifier: GPL-2.0-only

// Package netio is the way to the wire: a Link is a network interface's raw
// Ethernet socket, which receives and sends frames in batches, between buffers
// that are laid once at start. It knows nothing of what the frames mean.
//
// The portable part is the interface in this file and link.go; what a system
// does stands in its own file: link_linux.go for AF_PACKET sockets.
//
// BUG(1): Systems other than Linux have no Link yet; Open says so there.
package netio
