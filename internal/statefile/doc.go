// SPDX-License-Identifier: GPL-2.0-only

// Package statefile keeps what initiators have set on an export (its config
// string, masks and reservation) in a file, for the next time that the export is
// served, by the same process, another one, or another host.
//
// # The file
//
// An export has a file of its own, eSHELF.SLOT.state in a directory, with two
// records of RecordSize bytes. A state is written over the older record and synced:
// if that is interrupted, the other record still holds the previous state. The
// newest record that is whole counts. All of the file is written when it is made, so
// later writes need no more space.
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
// BUG(1): If a state cannot be written, nor the previous one over it, but part of
// it was, a crash may leave either of the two.
package statefile
