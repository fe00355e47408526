// SPDX-License-Identifier: GPL-2.0-only

// Package confine drops the rights that a process does not need to serve a disk.
// An attacker who takes the process over gets little more than the disk, which
// the LAN reaches anyway.
//
// On Linux (confine_linux.go) no privilege can be gained any more, of the
// capabilities only CAP_NET_RAW stays, CAP_NET_ADMIN too for a process that makes
// and removes network interfaces, and Landlock shuts out every file but
// the exported one, TCP, and signals and abstract sockets to other processes.
// What is open stays open: open first, confine afterwards. Process is for one
// export of one file; Server is for a process that opens no file, and is handed
// the descriptors of disks.
//
// BUG(1): On systems other than Linux nothing is dropped.
package confine
