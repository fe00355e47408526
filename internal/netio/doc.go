// SPDX-License-Identifier: GPL-2.0-only

// Package netio is the way to the wire: a Link is a network interface's raw
// Ethernet socket, which receives and sends frames in batches, between buffers
// that are laid once at start. It knows nothing of what the frames mean.
//
// What is the same on every system stands in link.go, what a system does in
// files of its own. On Linux a Link has an AF_PACKET socket (link_linux.go). It
// receives from that (receive_linux.go), by a ring that it shares with the
// kernel (ring_linux.go) or by recvmmsg, and sends by it (send_linux.go) or,
// where that is to be had, by an AF_XDP socket (xdp_linux.go). It follows what becomes of the interface, an
// end and a new beginning under the same name included, by route netlink
// (watch_linux.go).
//
// BUG(1): Systems other than Linux have no Link yet; Open says so there.
package netio
