// SPDX-License-Identifier: GPL-2.0-only

package netio

import "golang.org/x/sys/unix"

// origin says which frames are for us by the interface that the kernel has
// assigned them to, which a filter cannot see: the kernel also passes frames of a
// VLAN or macvlan interface to sockets of the interface below, without the tag
// and as if they were for this station. The frame's interface is then the upper
// one.
type origin struct {
	index  int32 // of the Link's interface; frames of 0 do not exist
	master int32 // of the bond or team that it is part of: its frames are for us
	last   uint8 // of the packet types that are for us
}

// ours returns the origin of the frames that are for the Link at the moment.
func (l *Link) ours() origin {
	c := l.condition.Load()
	o := origin{int32(c.index), int32(c.master), unix.PACKET_MULTICAST}
	if l.foreign {
		o.last = unix.PACKET_OTHERHOST
	}
	return o
}

// has reports whether a frame with this address is for us.
func (o origin) has(from *unix.RawSockaddrLinklayer) bool {
	return from.Pkttype <= o.last && from.Ifindex != 0 && (from.Ifindex == o.index || from.Ifindex == o.master)
}
