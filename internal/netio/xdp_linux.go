// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sizes of an xdpSender.
const (
	xdpPiece     = 4096     // bytes that a descriptor speaks of at the most
	xdpLongest   = 16 << 10 // bytes of a buffer: all buffers are locked in memory
	xdpSpares    = 128      // buffers that can be on their way at once
	xdpEntries   = 1024     // of a ring: the pieces of all spares, so that none overflows
	xdpBudget    = 4 * MaxBatch
	xdpSendQueue = xdpSpares * 2 * xdpLongest // bytes, by the kernel's measure
)

// What x/sys does not have: XDP_USE_SG and XDP_PKT_CONTD (Linux 6.6), and the
// socket option XDP_MAX_TX_SKB_BUDGET (Linux 6.17), which says how many
// descriptors one system call takes.
const (
	xdpUseSG       = 1 << 4
	xdpContinued   = 1
	xdpMaxTxBudget = 9
)

// xdpSender sends frames by an AF_XDP socket that only transmits, in copy mode:
// it needs no XDP program, and costs less a frame than sendmmsg. The memory that
// it shares with the kernel is that of the Link's buffers, so that a frame in one
// of these need not be copied to be sent: the buffer is the kernel's until the
// kernel says that the frame has left, and a spare one takes its place.
//
// It is not to be had everywhere: the kernel may lack it, the interface not suit,
// or its queue have another user, memory may not be lockable. A Link then sends by
// sendmmsg, as it does with a frame that is too long and the rest of its batch.
type xdpSender struct {
	fd     int
	bufs   *pool
	sent   []uint8 // of each buffer the pieces that the kernel has
	pieces int     // that a frame may have
	tx     xdpRing // frames to send: a ring of unix.XDPDesc
	next   uint32  // the entry of it that is filled next
	done   xdpRing // pieces that came back: a ring of their offsets
	maps   [][]byte
}

// xdpRing is a ring shared with the kernel, of which we move one end and the
// kernel the other.
type xdpRing struct {
	producer, consumer *uint32
	entries            unsafe.Pointer
}

// newXDPSender returns a sender for the first queue of an interface of the
// namespace that a socket is in. Nobody else may send from the buffers.
func newXDPSender(ifindex, socket int, bufs *pool) (*xdpSender, error) {
	fd, err := unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open an AF_XDP socket: %w", err)
	}
	x := &xdpSender{fd: fd, bufs: bufs, sent: make([]uint8, bufs.n)}
	if !sameNamespace(fd, socket) {
		x.close()
		return nil, errors.New("open an AF_XDP socket: the kernel is old, or this thread in another network namespace")
	}
	if err := x.setUp(ifindex); err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// xdpSuits tells whether frames may be sent by AF_XDP on an interface of a kind.
//
// Those that hand frames on to another interface, such as vlan and bridge, may
// overwrite where some kernels note what has to come back (Linux 6.16.8 and after).
// virtio_net sends from our memory itself, where others have the kernel copy it,
// and lets go of it early: where its NAPI for sending is off, and on kernels that
// give buffers back in the order of sending instead of that of having left (Linux
// 6.6 and after).
func xdpSuits(kind string, socket int, name string) bool {
	switch kind {
	case "veth", "tun":
		return true
	case "":
		info, err := unix.IoctlGetEthtoolDrvinfo(socket, name)
		return err == nil && unix.ByteSliceToString(info.Driver[:]) != "virtio_net"
	}
	return false
}

// sameNamespace tells whether two sockets are in one network namespace: in
// another, an interface's index is another interface. Kernels before Linux 5.14
// do not say; of these the first with AF_XDP also lose frames that lie across
// pages.
func sameNamespace(a, b int) bool {
	ofA, errA := unix.GetsockoptUint64(a, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	ofB, errB := unix.GetsockoptUint64(b, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	return errA == nil && errB == nil && ofA == ofB
}

// allowLocking raises the limit on locked memory as far as we may: senders take
// their memory later, too, when we may no longer, and the kernel counts that of
// all processes of a user.
func allowLocking() {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &limit) != nil {
		return
	}
	most := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if unix.Setrlimit(unix.RLIMIT_MEMLOCK, &most) != nil {
		limit.Cur = limit.Max
		unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit)
	}
}

// setUp shares memory and rings with the kernel and binds the socket.
func (x *xdpSender) setUp(ifindex int) error {
	if err := x.shareBuffers(); err != nil {
		return fmt.Errorf("share memory with the kernel: %w", err)
	}
	for _, ring := range []int{unix.XDP_TX_RING, unix.XDP_UMEM_COMPLETION_RING, unix.XDP_UMEM_FILL_RING} {
		if err := unix.SetsockoptInt(x.fd, unix.SOL_XDP, ring, xdpEntries); err != nil {
			return fmt.Errorf("make a ring: %w", err)
		}
	}
	if err := x.mapRings(); err != nil {
		return fmt.Errorf("map the rings: %w", err)
	}
	unix.SetsockoptInt(x.fd, unix.SOL_XDP, xdpMaxTxBudget, xdpBudget)
	unix.SetsockoptInt(x.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, xdpSendQueue)
	return x.bind(ifindex)
}

// shareBuffers registers the buffers' memory, of which pieces may begin anywhere.
func (x *xdpSender) shareBuffers() error {
	if x.bufs.stride > xdpLongest {
		return fmt.Errorf("buffers of %d bytes would lock too much", x.bufs.stride)
	}
	reg := unix.XDPUmemReg{
		Addr:  uint64(uintptr(unsafe.Pointer(unsafe.SliceData(x.bufs.area)))),
		Len:   uint64(len(x.bufs.area)),
		Size:  xdpPiece,
		Flags: unix.XDP_UMEM_UNALIGNED_CHUNK_FLAG,
	}
	_, _, e := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(x.fd), unix.SOL_XDP, unix.XDP_UMEM_REG,
		uintptr(unsafe.Pointer(&reg)), unsafe.Sizeof(reg), 0)
	if e != 0 {
		return e
	}
	return nil
}

// bind binds the socket: for frames of several pieces, where the kernel knows
// those, else of one.
func (x *xdpSender) bind(ifindex int) error {
	x.pieces = xdpLongest / xdpPiece
	err := unix.Bind(x.fd, &unix.SockaddrXDP{Flags: unix.XDP_COPY | xdpUseSG, Ifindex: uint32(ifindex)})
	if err == unix.EINVAL {
		x.pieces = 1
		err = unix.Bind(x.fd, &unix.SockaddrXDP{Flags: unix.XDP_COPY, Ifindex: uint32(ifindex)})
	}
	return os.NewSyscallError("bind", err)
}

// mapRings maps the rings that we use.
func (x *xdpSender) mapRings() error {
	var offsets unix.XDPMmapOffsets
	size := uint32(unsafe.Sizeof(offsets))
	_, _, e := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(x.fd), unix.SOL_XDP, unix.XDP_MMAP_OFFSETS,
		uintptr(unsafe.Pointer(&offsets)), uintptr(unsafe.Pointer(&size)), 0)
	if e != 0 {
		return e
	}
	var err error
	x.tx, err = x.mapRing(unix.XDP_PGOFF_TX_RING, offsets.Tx, unsafe.Sizeof(unix.XDPDesc{}))
	if err != nil {
		return err
	}
	x.done, err = x.mapRing(unix.XDP_UMEM_PGOFF_COMPLETION_RING, offsets.Cr, unsafe.Sizeof(uint64(0)))
	return err
}

// mapRing maps a ring of entries of a size.
func (x *xdpSender) mapRing(at int64, off unix.XDPRingOffset, entry uintptr) (xdpRing, error) {
	mem, err := unix.Mmap(x.fd, at, int(uintptr(off.Desc)+xdpEntries*entry),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return xdpRing{}, err
	}
	x.maps = append(x.maps, mem)
	base := unsafe.Pointer(&mem[0])
	return xdpRing{
		producer: (*uint32)(unsafe.Add(base, off.Producer)),
		consumer: (*uint32)(unsafe.Add(base, off.Consumer)),
		entries:  unsafe.Add(base, off.Desc),
	}, nil
}

// close closes the socket. Frames not yet sent are lost; the buffers that they
// are in are spare again.
func (x *xdpSender) close() {
	unix.Close(x.fd)
	for _, m := range x.maps {
		unix.Munmap(m)
	}
	for i, pieces := range x.sent {
		if pieces > 0 {
			x.bufs.spare = append(x.bufs.spare, i)
		}
	}
}
