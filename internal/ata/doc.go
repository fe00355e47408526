// SPDX-License-Identifier: GPL-2.0-only

// Package ata is the disk behind the wire: a Disk understands the ATA commands
// that vblade serves, and does their work on a Store. File is the Store for
// regular files and block devices.
//
// A command takes three steps, so that a caller can order and merge the slow one,
// and spread it over threads:
//
//	Start  checks the registers and either answers or says what Work to do
//	Do     does the Work on the Store (the only step that waits for a disk)
//	Finish turns what was done into the result registers
//
// Start and Finish only compute. Do may be called concurrently. Sectors have
// SectorSize bytes throughout. "Section" in a comment is one of docs/protocol.md.
package ata
