// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// MaxFilter is the most instructions of a filter program.
const MaxFilter = unix.BPF_MAXINSNS - typeLength

// typeLength is how many instructions ofType adds to a program.
const typeLength = 3

// longestFrame returns the length of the longest frame that can be sent. A
// write(2) to bpf has to fit into one mbuf cluster, of up to a page or, where
// pages are larger, 8 KiB (MJUMPAGESIZE). Kernels that accept longer frames
// cannot be told from others beforehand; see FreeBSD PR 205164.
func longestFrame() int { return min(unix.Getpagesize(), 8<<10) }

// cutMTU returns the part of an interface's MTU that can be used.
func cutMTU(mtu int) int { return min(mtu, longestFrame()-headerLen) }

// smallestBuffer is the least size of a bpf buffer, in bytes: the longest
// Ethernet frame and its header.
const smallestBuffer = 16 << 10

// raiseBuffer is the command that allows a receive buffer of a size, half of it
// for each buffer of a descriptor.
func raiseBuffer(bytes int) string { return fmt.Sprintf("sysctl net.bpf.maxbufsize=%d", bytes/2) }
