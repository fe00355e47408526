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
// This package only wires the parts together: main.go runs them, commands.go is
// the table of commands, options.go, links.go and masks.go read the command line,
// words.go and refusal.go say what is wrong with it. serve.go is the server of
// many exports, clients.go asks it, and top.go does so again and again; export.go
// opens a single export and warnings.go checks it for mistakes. site.go is what
// both serve with: its links (sitelinks.go) and exports (siteexports.go). rivals.go
// and looker.go ask for others of its addresses, claims.go has no other process of
// the host serve the same, and observe.go lets it be watched. conffile.go reads conf
// files; apply.go, with bring.go, makes a server serve what they describe, and
// addconf.go what one does.
//
// "Difference" in a comment is one of those in docs/protocol.md.
package main
