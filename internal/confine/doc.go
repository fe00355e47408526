// SPDX-License-Identifier: GPL-2.0-only

// Package confine drops the rights that a process does not need to serve a disk.
// An attacker who takes the process over gets little more than the disk, which
// the LAN reaches anyway.
//
// On Linux (confine_linux.go) the process can gain no privileges, keeps only the
// capability CAP_NET_RAW (and CAP_NET_ADMIN if it makes and removes network
// interfaces), and is denied by Landlock every file except the exported one, TCP,
// and signals and abstract sockets to other processes. Descriptors that are open
// stay open: open first, confine afterwards. Process is for one export of one
// file. Server is for a process that opens no file and is handed the descriptors
// of disks.
//
// BUG(1): On systems other than Linux nothing is dropped.
package confine
