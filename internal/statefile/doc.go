// SPDX-License-Identifier: GPL-2.0-only

// Package statefile keeps what initiators have set on an export (its config
// string, masks and reservation) in a file, for the next time that the export is
// served, by the same process, by another one, or on another host.
//
// # The file
//
// An export has a file of its own, eSHELF.SLOT.state in a directory. It has two
// records of RecordSize bytes. A state is written over the older one and synced, so
// that whatever ends that, the other one holds what was kept before. The newest
// record that is whole is what is kept. All of the file is written when it is made:
// later writes want no more room.
//
// A record, with numbers in big-endian:
//
//	  0  16  "vblade state 1" and two NULs
//	 16   8  generation: of two whole records the higher one is newer
//	 24   2  shelf
//	 26   1  slot
//	 27   1  1 where initiators have set the masks, else 0
//	 28   2  bytes of the config string
//	 30   1  masks
//	 31   1  MACs of the reservation
//	 32      config string, masks and reservation, 6 bytes a MAC; then zeros
//	4064 32  SHA-256 of all before it
//
// # Who opens it
//
// The process that adds an export opens its file with its own rights, and hands
// the descriptor to the process that serves, which needs no right to the
// directory. A lock (flock) on the opening moves with the descriptor from process
// to process, and keeps all other processes from the file, on the same host, and
// on other hosts if the file system locks for all of them, as NFS, OCFS2 and GFS2
// do.
//
// BUG(1): Where neither a state nor, after it, the one before can be written, but
// some of it was, nobody knows which of the two a crash leaves behind.
package statefile
