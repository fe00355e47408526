// SPDX-License-Identifier: GPL-2.0-only

// Package order keeps requests that touch the same sectors of an export in the
// order in which they arrived, and lets all others pass each other
// (docs/protocol.md, difference 12).
//
// One Order serves all exports of a server. A Ticket stands for a request, a Lane
// for an export. Memory grows with the tickets, and by a few words for each lane,
// not with the load: Grow allocates; Admit, Clashes and Release do not.
//
// The package knows no sockets, clocks, goroutines or disks. An Order is not safe
// for concurrent use; its owner holds a lock around each call.
package order
