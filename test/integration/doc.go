// SPDX-License-Identifier: GPL-2.0-only

// Package integration tests the vblade program over a real wire, a veth pair
// in a network namespace of its own, with our initiator and with the programs
// of Debian's aoetools and Wireshark as peers.
package integration
