// SPDX-License-Identifier: GPL-2.0-only

// Package initiator is the other end of the wire: it finds AoE targets, and
// reads, writes and administers them. The tests, the demo and the benchmark use
// it, and vblade finds out with it whether another target has its address. To
// mount disks, use the kernel's initiator.
//
// An Initiator runs exchanges: any number of requests, of which a window is
// outstanding, each repeated until it is answered. A Target is what discovery has
// found, with methods for every command of the protocol. Only one goroutine at a
// time may use an Initiator and its Targets.
package initiator
