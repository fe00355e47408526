// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sizes of an xdpSender.
const (
	xdpPiece     = 4096     // most bytes of a descriptor
	xdpLongest   = 16 << 10 // most bytes of a buffer, because all buffers are locked in memory
	xdpSpares    = 128      // buffers that can be on their way at once
	xdpEntries   = 1024     // of a ring: it holds the pieces of all spare buffers
	xdpBudget    = 4 * MaxBatch
	xdpSendQueue = xdpSpares * 2 * xdpLongest // bytes, by the kernel's measure
)

// What x/sys lacks: XDP_USE_SG and XDP_PKT_CONTD (Linux 6.6), and the socket
// option XDP_MAX_TX_SKB_BUDGET (Linux 6.17), which sets how many descriptors one
// system call processes.
const (
	xdpUseSG       = 1 << 4
	xdpContinued   = 1
	xdpMaxTxBudget = 9
)

// What makes an entry of the ring void: both an address outside the buffers and
// an option that does not exist.
const (
	xdpVoid       = 1<<64 - 1
	xdpVoidOption = 1 << 31
)

// xdpSender sends frames by an AF_XDP socket that only transmits, in copy mode.
// It needs no XDP program, and a frame costs less than by sendmmsg. It shares the
// memory of the Link's buffers with the kernel, so a frame in one of them is sent
// without a copy: the buffer belongs to the kernel until the kernel says that the
// frame has left, and a spare one takes its place.
//
// It does not work everywhere: the kernel may not support it, the interface may
// be unsuitable, its queue may have another user, or memory may not be lockable.
// A Link then sends by sendmmsg, as it does with a frame that is too long and the
// rest of its batch.
type xdpSender struct {
	fd     int
	bufs   *pool
	sent   []uint8  // for each buffer, how many pieces the kernel has
	end    []uint32 // for each buffer, the entry after its frame's last piece
	queue  []laid   // frames in the ring that the kernel has not taken
	pieces int      // that a frame may have
	tx     xdpRing[unix.XDPDesc]
	next   uint32          // the entry of tx that is filled next
	done   xdpRing[uint64] // offsets of pieces that came back
	maps   [][]byte
}

// xdpRing is a ring shared with the kernel. We move one of its ends, the kernel
// the other.
type xdpRing[entry any] struct {
	producer, consumer *atomic.Uint32
	entries            []entry // xdpEntries of them
}

// at returns entry n, counted since the ring was made.
func (r *xdpRing[entry]) at(n uint32) *entry { return &r.entries[n%xdpEntries] }

// newXDPSender returns a sender for the first queue of an interface, in the
// network namespace of a socket. Nothing else may send from the buffers.
func newXDPSender(ifindex, socket int, bufs *pool) (*xdpSender, error) {
	fd, err := unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open an AF_XDP socket: %w", err)
	}
	x := &xdpSender{fd: fd, bufs: bufs, sent: make([]uint8, bufs.n), end: make([]uint32, bufs.n), queue: make([]laid, 0, bufs.n)}
	if !sameNamespace(fd, socket) {
		x.close()
		return nil, errors.New("open an AF_XDP socket: the kernel is old, or this thread in another network namespace")
	}
	if err := x.setUp(ifindex); err != nil {
		x.close()
		return nil, fmt.Errorf("set up an AF_XDP socket: %w", err)
	}
	return x, nil
}

// sameNamespace reports whether two sockets are in the same network namespace; in
// another one, an index names another interface. Kernels before Linux 5.14 do not
// say; the oldest of them with AF_XDP also lose frames that cross a page
// boundary.
func sameNamespace(a, b int) bool {
	ofA, errA := unix.GetsockoptUint64(a, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	ofB, errB := unix.GetsockoptUint64(b, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	return errA == nil && errB == nil && ofA == ofB
}

// setUp shares memory and rings with the kernel and binds the socket.
func (x *xdpSender) setUp(ifindex int) error {
	switch err := x.shareBuffers(); {
	case errors.Is(err, unix.ENOBUFS):
		return fmt.Errorf("lock memory for the kernel: %w; see ulimit -l", err)
	case err != nil:
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
	growSendBuffer(x.fd, xdpSendQueue)
	return x.bind(ifindex)
}

// shareBuffers registers the buffers' memory. Pieces may begin anywhere in it.
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

// bind binds the socket: for frames of several pieces if the kernel supports
// them, otherwise of one.
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
	mem, err := x.mapRing(unix.XDP_PGOFF_TX_RING, offsets.Tx, unsafe.Sizeof(unix.XDPDesc{}))
	if err != nil {
		return err
	}
	x.tx = newXDPRing[unix.XDPDesc](mem, offsets.Tx)
	mem, err = x.mapRing(unix.XDP_UMEM_PGOFF_COMPLETION_RING, offsets.Cr, unsafe.Sizeof(uint64(0)))
	if err != nil {
		return err
	}
	x.done = newXDPRing[uint64](mem, offsets.Cr)
	return nil
}

// mapRing maps the memory of a ring of entries of a size.
func (x *xdpSender) mapRing(at int64, off unix.XDPRingOffset, entry uintptr) ([]byte, error) {
	mem, err := unix.Mmap(x.fd, at, int(uintptr(off.Desc)+xdpEntries*entry),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED|unix.MAP_POPULATE)
	if err == nil {
		x.maps = append(x.maps, mem)
	}
	return mem, err
}

// newXDPRing finds the parts of a ring in its memory.
func newXDPRing[entry any](mem []byte, off unix.XDPRingOffset) xdpRing[entry] {
	return xdpRing[entry]{
		producer: (*atomic.Uint32)(unsafe.Pointer(&mem[off.Producer])),
		consumer: (*atomic.Uint32)(unsafe.Pointer(&mem[off.Consumer])),
		entries:  unsafe.Slice((*entry)(unsafe.Pointer(&mem[off.Desc])), xdpEntries),
	}
}

// close closes the socket, and returns how many frames are lost because the
// kernel had not taken them. Their buffers are spare again. If the kernel has
// taken a frame and not said that it has left, its buffer is never used again,
// because the interface may still read it.
func (x *xdpSender) close() int {
	lost := 0
	if x.waits() {
		x.settle()
		lost = x.withdraw(len(x.queue))
	}
	if x.done.entries != nil {
		x.reap()
	}
	unix.Close(x.fd)
	for _, m := range x.maps {
		unix.Munmap(m)
	}
	return lost
}
