// SPDX-License-Identifier: GPL-2.0-only

package netio

import "golang.org/x/sys/unix"

// origin says which frames are ours by where the kernel took them from. It shows
// what a filter does not: the kernel hands a frame that it has assigned to a VLAN
// or macvlan interface to the sockets of the interface below, too, without its tag
// and as if it were for this station. Then the frame's interface is the upper one.
type origin struct {
	index  int32 // of the Link's interface; frames of 0 do not exist
	master int32 // of the bond or team that it is a part of: frames on it are ours
	last   uint8 // of the packet types that are ours
}

// ours returns the origin of the frames that are the Link's at the moment.
func (l *Link) ours() origin {
	c := l.condition.Load()
	o := origin{int32(c.index), int32(c.master), unix.PACKET_MULTICAST}
	if l.foreign {
		o.last = unix.PACKET_OTHERHOST
	}
	return o
}

// has tells whether a frame from an address is ours.
func (o origin) has(from *unix.RawSockaddrLinklayer) bool {
	return from.Pkttype <= o.last && from.Ifindex != 0 && (from.Ifindex == o.index || from.Ifindex == o.master)
}
