// SPDX-License-Identifier: GPL-2.0-only

// Package macvlan makes interfaces that have an Ethernet address of an export's
// own, on the interface of this host that carries its frames, the parent. The
// address can move to another host, which initiators do not notice: they go on
// where they were, while to an address that they do not know the Linux driver
// turns only after 10 seconds.
//
//	i := macvlan.Interface{Name: macvlan.Name(9, 0, "eth0"), Parent: "eth0", MAC: macvlan.Address(9, 0, 0)}
//	made, err := i.Make(true)
//	...
//	err = i.Up()
//	...
//	err = i.Remove()
//
// On Linux (macvlan_linux.go, message_linux.go) it is a macvlan in bridge mode: what
// else is on the same parent by a macvlan or macvtap, such as a virtual machine,
// reaches it too. Only the parent itself does not, as of any macvlan.
//
// Such an interface sends nothing of its own, for a switch would take it for the
// place of the address: it has no IPv4 address, answers no ARP, and makes itself no
// IPv6 address. It reports no IPv6 group either: routers join some on an interface
// that can multicast once its MTU has room for IPv6, so it is made with less, told
// not to multicast, and then given the parent's MTU.
//
// All of them are in the group Group: by that and its name Make knows one of a
// process that was killed, and adopts it. "ip link show group 34978" lists them.
//
// An interface goes with its parent. Its MTU falls with the parent's, and does not
// rise with it. A Keeper (keep_linux.go) makes good both.
//
// BUG(1): Systems other than Linux have no such interfaces; Make says so there.
package macvlan
