// SPDX-License-Identifier: GPL-2.0-only

// Command vblade serves a file or block device on an Ethernet LAN by ATA over
// Ethernet, in place of the C program of that name.
//
//	vblade 9 0 eth0 /dev/loop7
//
// makes it e9.0 to every initiator on eth0's LAN. "vblade serve" serves many
// exports in one process; "vblade add" and "remove" control it, and "status" and
// "top" tell how it is.
//
// This package only wires the parts together:
//
//	main.go      runs a command, and serves a single export (export.go, warnings.go)
//	commands.go  the table of commands (commandoptions.go: what each takes)
//	options.go   the command line of an export (values.go, links.go, masks.go, hwaddr.go)
//	misuse.go    says what is wrong with a command line, refusal.go with the rest
//	serve.go     the server of many exports; clients.go asks it, top.go again and again
//	conffile.go  reads conf files; apply.go, with bring.go, has the server serve what
//	             they describe, addconf.go what one does; conflist.go lists them, and
//	             units.go makes what systemd's units of them need
//	site.go      what both kinds of server serve with: links (sitelinks.go), exports
//	             (siteexports.go) and their state (state.go)
//	rivals.go    warns of other targets of the same addresses (looker.go); alone.go
//	             refuses an exclusive export where there is one
//	claims.go    keeps other processes of this host from serving the same
//	own.go       interfaces with an export's own address
//	gone.go      ends exports whose disk is gone or broken
//	observe.go   lets a server be watched
//
// "Difference" in a comment is one of those in docs/protocol.md.
package main
