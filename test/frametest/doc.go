// SPDX-License-Identifier: GPL-2.0-only

// Package frametest is what the tests, fuzz targets and benchmarks of several
// packages share: the table of frames, which is the protocol by example, and
// the fakes that it needs, a Store, a Link and a Log in memory.
//
// A Case of the table is a frame sent to an export in a certain state, and the
// reply that it must get, byte for byte. The frames are written in annotated
// hexadecimal; request, reply and refusal add the header, which is the same for
// most of them, and the zeros up to the shortest frame (difference 13). The
// files follow the sections of docs/protocol.md:
//
//	header.go                 section 1, for every command
//	ata.go, atawrite.go       section 2: READ, WRITE
//	atarest.go, identify.go   sections 2 and 3: the other ATA commands
//	fault.go                  section 2: a disk with a bad sector
//	config.go                 section 4
//	mask.go, masklist.go      section 5
//	reserve.go                section 6
//	mtu.go                    difference 9: replies longer than the MTU
package frametest
