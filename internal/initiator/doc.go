// SPDX-License-Identifier: GPL-2.0-only

// Package initiator is the other end of the wire: it finds AoE targets and
// reads, writes and administers them. It is what this project's tests, demo and
// benchmark speak to a target with, and vblade asks with whether another has its
// address; people mount disks with their kernel's.
//
// An Initiator runs exchanges: any number of requests of which a window is
// outstanding, each repeated until it is answered. A Target is what discovery
// found, with methods for every command of the protocol. Paths are Targets that
// are one disk on several links. An Initiator, its Targets and their Paths are for
// one goroutine at a time.
package initiator
