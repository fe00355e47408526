// SPDX-License-Identifier: GPL-2.0-only

// Command vblade serves a file or block device on an Ethernet LAN by ATA over
// Ethernet, in place of the C program of that name.
//
//	vblade 9 0 eth0 /dev/loop7
//
// makes it e9.0 to every initiator on eth0's LAN. "vblade serve" serves many
// exports in one process; "vblade add", "remove" and "status" steer it.
//
// This package only wires the parts together: main.go runs them, commands.go is
// the table of commands, options.go, links.go and masks.go read the command line,
// serve.go is the server and engine.go what it serves with, clients.go asks it;
// export.go opens what is served, rivals.go and looker.go ask for others of its
// address, observe.go lets it be watched.
package main
