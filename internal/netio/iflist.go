// SPDX-License-Identifier: GPL-2.0-only

package netio

import "encoding/binary"

// Offsets of the fields in a message of FreeBSD's list of interfaces
// (NET_RT_IFLISTL: struct if_msghdrl, if_data, sockaddr_dl), in bytes. The
// message itself says where its second and third part begin.
const (
	ifListLength   = 0 // of the message, 16 bits
	ifListType     = 3
	ifListFlags    = 8  // 32 bits
	ifListAddress  = 16 // where the sockaddr_dl is, 16 bits
	ifListData     = 18 // where the if_data is, 16 bits
	ifListHeader   = 24
	ifDataState    = 4
	ifDataMTU      = 8 // 32 bits
	ifDataLength   = 12
	linkNameLength = 5
	linkAddrLength = 6
	linkName       = 8 // the name, then the address
)

// ifListInterface is the type of a message that describes an interface (RTM_IFINFO).
const ifListInterface = 14

// ifInfo is what the list says of an interface.
type ifInfo struct {
	flags uint32 // IFF_*
	state uint8  // LINK_STATE_*
	mtu   int    // in bytes
	mac   [6]byte
}

// findInList returns what a list of interfaces says about the interface of a
// name.
func findInList(list []byte, name string) (ifInfo, bool) {
	for len(list) >= ifListHeader {
		n := int(binary.NativeEndian.Uint16(list[ifListLength:]))
		if n < ifListHeader || n > len(list) {
			break
		}
		if list[ifListType] == ifListInterface {
			if info, ok := parseInterface(list[:n], name); ok {
				return info, true
			}
		}
		list = list[n:]
	}
	return ifInfo{}, false
}

// parseInterface returns what a message says, if it is about the interface of a
// name.
func parseInterface(message []byte, name string) (info ifInfo, ok bool) {
	link := from(message, binary.NativeEndian.Uint16(message[ifListAddress:]))
	data := from(message, binary.NativeEndian.Uint16(message[ifListData:]))
	if len(link) < linkName || len(data) < ifDataLength {
		return info, false
	}
	end := linkName + int(link[linkNameLength])
	if end+int(link[linkAddrLength]) > len(link) || string(link[linkName:end]) != name {
		return info, false
	}
	info.flags = binary.NativeEndian.Uint32(message[ifListFlags:])
	info.state = data[ifDataState]
	info.mtu = int(binary.NativeEndian.Uint32(data[ifDataMTU:]))
	copy(info.mac[:], link[end:end+int(link[linkAddrLength])])
	return info, true
}

// from returns the part of a message from an offset on.
func from(message []byte, offset uint16) []byte { return message[min(int(offset), len(message)):] }
