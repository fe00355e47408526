// SPDX-License-Identifier: GPL-2.0-only

// Package aoe is the wire of ATA over Ethernet and nothing else: a view over
// the bytes of a frame, the constants of its fields, and the socket filters.
//
// A Frame is edited in place: a reply is the request with a few bytes changed,
// so there is nothing to encode and nothing that a reply could lose. The
// package knows no sockets, clocks, goroutines or disks.
//
// "Section" and "difference" in a comment are those of docs/protocol.md. All
// fields are big-endian except the ATA LBA, whose low byte comes first.
package aoe
