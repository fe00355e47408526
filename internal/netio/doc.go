// SPDX-License-Identifier: GPL-2.0-only

// Package netio receives and sends Ethernet frames. A Host watches the network
// interfaces and waits for frames. A Link, of which a Host may have many, is the
// raw Ethernet socket of one interface. It receives and sends frames in batches,
// in buffers that it allocates when it is opened. The package does not know what
// the frames mean.
//
// A Link receives only frames for its station and its LAN: those to its own
// address, to a group or to all, without a VLAN tag.
//
// contract.go says what a Host and a Link do, on every system. What is the same on
// all of them is also in link.go, host.go, host_unix.go, tally.go and, because it
// can be tested anywhere, captures.go, iflist.go and program.go; the rest is in the
// files of each system.
//
// On Linux a Host waits by ppoll, for a moment awake or in a raw system call
// (wait_linux.go). Route netlink tells it of changes, and its Links follow their
// interfaces, even if one is deleted and another made under its name
// (watch_linux.go). A Link has an AF_PACKET socket (link_linux.go). It receives
// from it (receive_linux.go) by a ring that it shares with the kernel
// (ring_linux.go, fit_linux.go) or by recvmmsg (inbox_linux.go), the frames that
// pass a filter (program_linux.go) and come from the right interface
// (origin_linux.go). The socket tells how many frames were dropped
// (drops_linux.go). The Link sends by the same socket (send_linux.go) or, if it
// can, by an AF_XDP socket (xdp_linux.go, xdpsend_linux.go) directly from the
// buffers that the frames are in (buffers_linux.go); send_ways_linux.go chooses.
// Sending never waits: frames that the interface does not accept at once wait in
// spare buffers, for up to 100 ms (backlog_linux.go).
//
// On FreeBSD a Link has a bpf(4) descriptor (conn_freebsd.go, link_freebsd.go),
// from which one read returns a batch (captures.go). A Host has a routing socket
// that tells of changes (watch_freebsd.go). bpf(4) shows a frame with its VLAN
// tag, also that of VLAN 0, even if the hardware has removed it, so tagged frames
// have another EtherType.
//
// BUG(1): Systems other than Linux and FreeBSD have no Link; Open says so there.
//
// BUG(2): The code for FreeBSD has been compiled, vetted and compared with the
// kernel's source, but has never run there. It does not enter Capsicum's
// capability mode, because it is not known whether a Link can find its interface
// again inside.
//
// AF_XDP is used on veth and tun/tap interfaces, and on devices whose drivers are
// known to let the kernel copy each frame (xdpsuits_linux.go lists them: Intel's,
// NVIDIA's, Broadcom's, Realtek's and others). A driver that reads our memory
// itself, as virtio_net does, may return buffers that it still reads. On
// interfaces of other drivers, and on those that pass frames on to another
// interface, such as vlan, bridge, bond and macvlan, the packet socket sends.
//
// BUG(3): AF_XDP was tried on veth and tap interfaces only, on amd64. On
// processors whose data cache hides our writes from the kernel, such as some
// MIPS, replies may be stale.
//
// BUG(4): On FreeBSD no frame longer than a page is sent, although newer kernels
// accept up to 16 KiB, because they cannot be told from older ones beforehand.
package netio
