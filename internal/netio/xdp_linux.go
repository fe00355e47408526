// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Sizes of an xdpSender. Every chunk fits into the rings: they never overflow.
const (
	xdpChunk  = 2048 // bytes: a frame of the usual MTU
	xdpChunks = 1024
	xdpBudget = MaxBatch // frames that one system call sends, where the kernel lets us say
)

// How the kernel is asked to take the frames in the ring while it takes none: so
// often at once, then with pauses, for so long.
const (
	xdpKicks    = 32
	xdpPause    = 100 * time.Microsecond
	xdpPatience = sendPatience * time.Millisecond
)

// xdpMaxTxBudget is the socket option XDP_MAX_TX_SKB_BUDGET (Linux 6.17), which
// x/sys does not have.
const xdpMaxTxBudget = 9

// xdpSender sends frames by an AF_XDP socket that only transmits, in copy mode:
// it needs no XDP program, and costs less a frame than sendmmsg. Frames are
// copied into chunks of memory shared with the kernel; a chunk is free again
// when the kernel says that the frame has left.
//
// It is not to be had everywhere: the kernel may lack it, the interface's queue
// may have another user, memory may not be lockable. A Link then sends by
// sendmmsg, as it does with frames longer than a chunk.
type xdpSender struct {
	fd     int
	chunks []byte   // the memory shared with the kernel
	free   []uint64 // offsets of the chunks that hold no frame on its way
	tx     xdpRing  // frames to send: a ring of unix.XDPDesc
	done   xdpRing  // chunks that came back: a ring of their offsets
	maps   [][]byte // what to unmap
}

// xdpRing is a ring shared with the kernel, of which we move one end and the
// kernel the other.
type xdpRing struct {
	producer, consumer *uint32
	entries            unsafe.Pointer
}

// newXDPSender returns a sender for the first queue of an interface of the
// namespace that a socket is in.
func newXDPSender(ifindex, socket int) (*xdpSender, error) {
	fd, err := unix.Socket(unix.AF_XDP, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open an AF_XDP socket: %w", err)
	}
	x := &xdpSender{fd: fd}
	if !sameNamespace(fd, socket) {
		x.close()
		return nil, errors.New("open an AF_XDP socket: this thread is in another network namespace")
	}
	if err := x.setUp(ifindex); err != nil {
		x.close()
		return nil, err
	}
	return x, nil
}

// sameNamespace tells whether two sockets are in one network namespace: in
// another, an interface's index is another interface. Kernels before Linux 5.14
// do not say; they are believed to be.
func sameNamespace(a, b int) bool {
	ofA, errA := unix.GetsockoptUint64(a, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	ofB, errB := unix.GetsockoptUint64(b, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	return errA != nil || errB != nil || ofA == ofB
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
	if err := x.shareChunks(); err != nil {
		return fmt.Errorf("share memory with the kernel: %w", err)
	}
	for _, ring := range []int{unix.XDP_TX_RING, unix.XDP_UMEM_COMPLETION_RING, unix.XDP_UMEM_FILL_RING} {
		if err := unix.SetsockoptInt(x.fd, unix.SOL_XDP, ring, xdpChunks); err != nil {
			return fmt.Errorf("make a ring: %w", err)
		}
	}
	if err := x.mapRings(); err != nil {
		return fmt.Errorf("map the rings: %w", err)
	}
	unix.SetsockoptInt(x.fd, unix.SOL_XDP, xdpMaxTxBudget, xdpBudget)
	unix.SetsockoptInt(x.fd, unix.SOL_SOCKET, unix.SO_SNDBUFFORCE, 4*xdpChunks*xdpChunk)
	err := unix.Bind(x.fd, &unix.SockaddrXDP{Flags: unix.XDP_COPY, Ifindex: uint32(ifindex)})
	return os.NewSyscallError("bind", err)
}

// shareChunks makes the chunks and registers them.
func (x *xdpSender) shareChunks() error {
	mem, err := x.mmap(-1, 0, xdpChunks*xdpChunk, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return err
	}
	keepPrivate(mem)
	x.chunks = mem
	for i := range uint64(xdpChunks) {
		x.free = append(x.free, i*xdpChunk)
	}
	reg := unix.XDPUmemReg{Addr: uint64(uintptr(unsafe.Pointer(&mem[0]))), Len: uint64(len(mem)), Size: xdpChunk}
	_, _, e := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(x.fd), unix.SOL_XDP, unix.XDP_UMEM_REG,
		uintptr(unsafe.Pointer(&reg)), unsafe.Sizeof(reg), 0)
	if e != 0 {
		return e
	}
	return nil
}

// mmap maps memory that close unmaps.
func (x *xdpSender) mmap(fd int, off int64, n, flags int) ([]byte, error) {
	mem, err := unix.Mmap(fd, off, n, unix.PROT_READ|unix.PROT_WRITE, flags)
	if err == nil {
		x.maps = append(x.maps, mem)
	}
	return mem, err
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
	mem, err := x.mmap(x.fd, at, int(uintptr(off.Desc)+xdpChunks*entry), unix.MAP_SHARED|unix.MAP_POPULATE)
	if err != nil {
		return xdpRing{}, err
	}
	base := unsafe.Pointer(&mem[0])
	return xdpRing{
		producer: (*uint32)(unsafe.Add(base, off.Producer)),
		consumer: (*uint32)(unsafe.Add(base, off.Consumer)),
		entries:  unsafe.Add(base, off.Desc),
	}, nil
}

// close closes the socket. Frames not yet sent are lost.
func (x *xdpSender) close() {
	unix.Close(x.fd)
	for _, m := range x.maps {
		unix.Munmap(m)
	}
}

// reap takes back the chunks whose frames have left.
func (x *xdpSender) reap() {
	n := *x.done.consumer // ours alone to change
	for end := atomic.LoadUint32(x.done.producer); n != end; n++ {
		x.free = append(x.free, *(*uint64)(unsafe.Add(x.done.entries, 8*uintptr(n%xdpChunks))))
	}
	atomic.StoreUint32(x.done.consumer, n)
}

// send sends frames from the first on, as many as it can take of no more than
// limit bytes, which the kernel does not check, and returns how many. Some of
// those may be late, or lost, if the interface is not up.
func (x *xdpSender) send(frames [][]byte, limit int) int {
	x.reap()
	limit = min(limit, xdpChunk)
	next := *x.tx.producer // ours alone to change
	n := 0
	for ; n < len(frames) && len(frames[n]) <= limit && len(x.free) > 0; n++ {
		at := x.free[len(x.free)-1]
		x.free = x.free[:len(x.free)-1]
		length := copy(x.chunks[at:at+xdpChunk], frames[n])
		desc := (*unix.XDPDesc)(unsafe.Add(x.tx.entries, unsafe.Sizeof(unix.XDPDesc{})*uintptr(next%xdpChunks)))
		*desc = unix.XDPDesc{Addr: at, Len: uint32(length)}
		next++
	}
	atomic.StoreUint32(x.tx.producer, next)
	x.kick(next)
	return n
}

// kick has the kernel send what is in the ring, up to the frame before next,
// frames that it did not take before included.
func (x *xdpSender) kick(next uint32) {
	at := atomic.LoadUint32(x.tx.consumer)
	var since time.Time // of the first pause without progress
	for idle := 0; at != next; idle++ {
		_, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(x.fd), 0, 0, unix.MSG_DONTWAIT, 0, 0)
		switch e {
		case 0, unix.EAGAIN, unix.EBUSY, unix.ENOBUFS, unix.EINTR:
		default:
			return
		}
		switch now := atomic.LoadUint32(x.tx.consumer); {
		case now != at:
			at, idle, since = now, 0, time.Time{}
		case idle < xdpKicks:
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > xdpPatience:
			return
		default:
			time.Sleep(xdpPause)
		}
	}
}
