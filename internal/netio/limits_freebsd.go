// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// MaxFilter is the most instructions of a filter program: BPF_MAXINSNS, less those
// of ofType.
const MaxFilter = unix.BPF_MAXINSNS - typeLength

// longestFrame returns the length of the longest frame that can be sent: a
// write(2) to bpf has to fit into one mbuf cluster, of a page at the most or, where
// pages are larger, of 8 KiB (MJUMPAGESIZE). Kernels that take longer ones cannot
// be told from others beforehand; FreeBSD PR 205164.
func longestFrame() int { return min(unix.Getpagesize(), 8<<10) }

// cutMTU returns the part of an interface's MTU that can be used.
func cutMTU(mtu int) int { return min(mtu, longestFrame()-headerLen) }

// smallestBuffer is the least that a bpf buffer may hold, in bytes: the longest
// frame that anybody may send us on an Ethernet, and its header.
const smallestBuffer = 16 << 10

// raiseBuffer is the command by which bytes of receive buffer are allowed, half
// of them in either buffer of a descriptor.
func raiseBuffer(bytes int) string { return fmt.Sprintf("sysctl net.bpf.maxbufsize=%d", bytes/2) }

// Warnings returns what a person should know of the link who wants so many bytes
// of receive buffer.
func (l *Link) Warnings(receiveBuffer int) []string {
	warnings := smallBuffer(l, receiveBuffer, raiseBuffer(receiveBuffer))
	ifi, err := findInterface(l.name)
	if err == nil && ifi.MTU > cutMTU(ifi.MTU) {
		warnings = append(warnings, fmt.Sprintf("of the MTU of %s, %d, only %d are used: not every FreeBSD sends longer frames by bpf",
			l.name, ifi.MTU, cutMTU(ifi.MTU)))
	}
	return warnings
}
