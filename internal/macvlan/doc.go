// SPDX-License-Identifier: GPL-2.0-only

// Package macvlan makes interfaces with an Ethernet address of an export's own,
// on the interface of this host that carries its frames, the parent. The address
// can move to another host without initiators noticing, while the Linux driver
// takes 10 seconds to turn to an address that it does not know.
//
//	i := macvlan.Interface{Name: macvlan.Name(9, 0, "eth0"), Parent: "eth0", MAC: macvlan.Address(9, 0, 0)}
//	made, err := i.Make(true)
//	...
//	err = i.Up()
//	...
//	err = i.Remove()
//
// On Linux (macvlan_linux.go, message_linux.go) it is a macvlan in bridge mode:
// other macvlans and macvtaps on the same parent, such as those of virtual
// machines, reach it too. The parent itself does not, as with any macvlan.
//
// Such an interface sends nothing by itself, because a switch would learn the
// address from it: it has no IPv4 address, answers no ARP, and gives itself no
// IPv6 address. It reports no IPv6 groups either. Hosts that are routers join
// some on an interface that can multicast once its MTU has room for IPv6, so it
// is made with a smaller MTU, its multicast flag is cleared, and then it gets the
// parent's MTU.
//
// All of them are in the group Group. By that and its name Make recognizes one
// that a killed process has left, and adopts it. "ip link show group 34978" lists
// them.
//
// An interface is deleted with its parent. Its MTU falls with the parent's, but
// does not rise with it. A Keeper (keep_linux.go) corrects both.
//
// BUG(1): Systems other than Linux have no such interfaces; Make fails there.
package macvlan
