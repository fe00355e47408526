// SPDX-License-Identifier: GPL-2.0-only

// Package netio is the way to the wire. A Host watches the network interfaces and
// waits for frames; a Link, of which a Host may have many, is one interface's raw
// Ethernet socket, which receives and sends frames in batches, in buffers that it
// lays at start. It knows nothing of what the frames mean.
//
// A Link hands up what is for its station and its LAN: frames to its own address,
// to a group or to all, without the tag of a VLAN.
//
// contract.go says what a Host and a Link do, on every system. What is the same on
// all of them is also in link.go, host.go, host_unix.go, tally.go and, because it
// can be tested anywhere, captures.go, iflist.go and program.go; the rest is in the
// files of each system.
//
// On Linux a Host waits by ppoll, for a moment awake or in a raw system call
// (wait_linux.go), and hears of changes by route netlink, whereupon its Links
// follow what becomes of their interfaces, an end and a new beginning under the
// same name included (watch_linux.go). A Link has an AF_PACKET socket
// (link_linux.go). It receives from that (receive_linux.go), by a ring that it
// shares with the kernel (ring_linux.go, fit_linux.go) or by recvmmsg
// (inbox_linux.go), what a filter passes (program_linux.go) and comes from the
// right interface (origin_linux.go). It asks the socket what was dropped
// (drops_linux.go), and sends by it (send_linux.go) or, where that is to be had, by
// an AF_XDP socket (xdp_linux.go, xdpsend_linux.go), out of the buffers that the
// frames are in (buffers_linux.go); send_ways_linux.go chooses. Sending never waits:
// frames that the interface does not take at once wait in spare buffers, for 100 ms
// at the most (backlog_linux.go).
//
// On FreeBSD a Link has a bpf(4) descriptor (conn_freebsd.go, link_freebsd.go), of
// which one read brings a batch (captures.go), and a Host a routing socket that
// tells of changes (watch_freebsd.go). bpf(4) shows a frame with its VLAN tag, that
// of VLAN 0 too, even where the hardware took it off: so its type is another.
//
// BUG(1): Systems other than Linux and FreeBSD have no Link; Open says so there.
//
// BUG(2): What is for FreeBSD has been compiled, vetted and compared with the
// kernel's source, and has never run there. It does not enter Capsicum's
// capability mode: whether a Link finds its interface again from inside, nobody
// has tried.
//
// AF_XDP is used on veth and tun/tap interfaces, and on devices whose drivers are
// known to let the kernel copy what is sent (xdpsuits_linux.go lists them: Intel's,
// NVIDIA's, Broadcom's, Realtek's and others). A driver may read our memory itself
// instead, as virtio_net does, and then hand buffers back that it still reads. On
// interfaces of other drivers, and on those that hand frames on, such as vlan,
// bridge, bond and macvlan, the packet socket sends.
//
// BUG(3): AF_XDP was seen on veth and tap interfaces only, on amd64. Where a
// processor's data cache does not show the kernel what we have written, as on some
// MIPS, replies may be stale.
//
// BUG(4): On FreeBSD no frame longer than a page is sent, although newer kernels
// take up to 16 KiB: before one is sent, they look like the others.
package netio
