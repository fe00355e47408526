// SPDX-License-Identifier: GPL-2.0-only

// Command vblade serves a file or block device on an Ethernet LAN by ATA over
// Ethernet, in place of the C program of that name.
//
//	vblade 9 0 eth0 /dev/loop7
//
// makes it e9.0 to every initiator on eth0's LAN. This package only wires the
// parts together: flags, start-up, the pid line, signals, exit status.
package main
