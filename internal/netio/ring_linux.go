// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ringBlock is the unit of allocation of a ring's memory, in bytes.
const ringBlock = 64 << 10

// payloadAt is where the kernel puts a frame's payload in an entry, in bytes:
// after the header of the entry and room for the Ethernet header, so that the
// payload is aligned.
const payloadAt = 80

// slack is how much longer than the MTU a received frame may be: by the length of
// a VLAN tag, even without a tag.
const slack = 4

// entryHeader is what an entry begins with.
type entryHeader struct {
	unix.Tpacket2Hdr
	from unix.RawSockaddrLinklayer
}

// The kernel aligns the address. This does not compile if Go puts it elsewhere.
var _ [(unsafe.Sizeof(unix.Tpacket2Hdr{}) + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)]byte = [unsafe.Offsetof(entryHeader{}.from)]byte{}

// ringEntry is the place of one frame in a ring.
type ringEntry struct {
	status *atomic.Uint32 // that of the header: says whose the entry is, the kernel's or ours
	header *entryHeader
	mem    []byte // all of the entry, the header included
}

// newRingEntry returns the entry whose memory is mem.
func newRingEntry(mem []byte) ringEntry {
	h := (*entryHeader)(unsafe.Pointer(unsafe.SliceData(mem)))
	return ringEntry{status: (*atomic.Uint32)(unsafe.Pointer(&h.Status)), header: h, mem: mem}
}

// ring is a packet socket's receive ring (PACKET_RX_RING, TPACKET_V2): memory
// shared with the kernel, which copies each frame into the next entry as it
// arrives. Receiving takes no system call, and costs a fraction of recvmmsg.
type ring struct {
	fd      int
	mem     []byte
	entries []ringEntry
	next    atomic.Uint32 // the entry that is filled next; the receiver moves it
	mtu     int           // bytes: the payload of the longest frame that fits into an entry
}

// newRing makes a ring of a size in bytes, for frames of an MTU, on a bound
// socket.
func newRing(fd, bytes, mtu int) (*ring, error) {
	size := (payloadAt + mtu + slack + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
	blocks, perBlock := bytes/ringBlock, ringBlock/size
	if perBlock < 2 {
		return nil, mtuError(mtu)
	}
	r := &ring{fd: fd, mtu: size - payloadAt - slack}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2); err != nil {
		return nil, fmt.Errorf("choose the receive ring's form: %w", err)
	}
	err := r.set(unix.TpacketReq{
		Block_size: ringBlock, Block_nr: uint32(blocks),
		Frame_size: uint32(size), Frame_nr: uint32(blocks * perBlock),
	})
	if err != nil {
		return nil, fmt.Errorf("make a receive ring: %w", err)
	}
	r.mem, err = unix.Mmap(fd, 0, blocks*ringBlock, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		r.close()
		return nil, fmt.Errorf("map the receive ring: %w", err)
	}
	keepPrivate(r.mem)
	r.entries = make([]ringEntry, 0, blocks*perBlock)
	for block := range blocks {
		for i := range perBlock {
			at := block*ringBlock + i*size
			r.entries = append(r.entries, newRingEntry(r.mem[at:at+size:at+size]))
		}
	}
	return r, nil
}

// mtuError means that an MTU is too large for a ring.
type mtuError int

// Error returns the message.
func (mtu mtuError) Error() string {
	return fmt.Sprintf("an MTU of %d is too large for a receive ring", int(mtu))
}

// set tells the kernel the dimensions of the ring; zero removes it.
func (r *ring) set(req unix.TpacketReq) error {
	_, _, e := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(r.fd), unix.SOL_PACKET, unix.PACKET_RX_RING,
		uintptr(unsafe.Pointer(&req)), unsafe.Sizeof(req), 0)
	if e != 0 {
		return e
	}
	return nil
}

// pending reports whether a frame lies in the next entry.
func (r *ring) pending() bool { return r.entries[r.next.Load()].filled() }

// take copies the frames that have arrived and are for us into the buffers,
// reslices these, and returns how many. A frame that is longer than its entry or
// its buffer has length 0. It sets their stamps, as far as there are any.
func (r *ring) take(frames [][]byte, stamps []int64, ours origin) int {
	n, next := 0, int(r.next.Load())
	for n < len(frames) && r.entries[next].filled() {
		e := &r.entries[next]
		if e.passes(ours) {
			frames[n] = e.copyTo(frames[n][:cap(frames[n])])
			if n < len(stamps) {
				stamps[n] = int64(e.header.Sec)*1e9 + int64(e.header.Nsec)
			}
			n++
		}
		e.status.Store(unix.TP_STATUS_KERNEL)
		if next++; next == len(r.entries) {
			next = 0
		}
	}
	r.next.Store(uint32(next))
	return n
}

// filled reports whether the kernel has put a frame into the entry.
func (e *ringEntry) filled() bool { return e.status.Load()&unix.TP_STATUS_USER != 0 }

// passes reports whether the frame in the entry is for us: it has the right
// origin and no VLAN.
func (e *ringEntry) passes(ours origin) bool {
	h := e.header
	return ours.has(&h.from) && (h.Status&unix.TP_STATUS_VLAN_VALID == 0 || h.Vlan_tci&vlanID == 0)
}

// copyTo copies the frame into a buffer and returns it; it returns an empty slice
// if the frame is longer than the buffer or than the entry.
func (e *ringEntry) copyTo(buf []byte) []byte {
	h := e.header
	if h.Len != h.Snaplen || int(h.Len) > len(buf) {
		return buf[:0]
	}
	return buf[:copy(buf, e.mem[h.Mac:][:h.Len])]
}

// close removes the ring, with the frames in it. The socket has an ordinary queue
// again.
func (r *ring) close() {
	if r.mem != nil {
		unix.Munmap(r.mem)
	}
	r.set(unix.TpacketReq{})
}
