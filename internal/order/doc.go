// SPDX-License-Identifier: GPL-2.0-only

// Package order keeps requests that touch the same sectors of an export in the
// order in which they arrived, and lets all others pass each other
// (docs/protocol.md, difference 12).
//
// One Order serves all exports of a server. A request takes part by its Ticket,
// an export by its Lane. Memory is given out by Grow, for each ticket, and a
// few words for each lane; the load takes none: Admit, Clashes and Release do
// not allocate.
//
// The package knows no sockets, clocks, goroutines or disks. An Order is not
// safe for concurrent use: its owner holds a lock around each call.
package order
