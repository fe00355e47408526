// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ringBlock is the unit in which a ring's memory is allocated, in bytes.
const ringBlock = 64 << 10

// slotHeader is what the kernel puts before a frame's payload in its slot, the
// Ethernet header included, in bytes: struct tpacket2_hdr and sockaddr_ll, both
// aligned, and room for the header such that the payload is aligned too.
const slotHeader = 80

// slack is how much longer than the MTU says a frame may come: by the length of
// a VLAN tag, whether it has one or not.
const slack = 4

// ring is a packet socket's receive ring (PACKET_RX_RING, TPACKET_V2): memory
// shared with the kernel, which copies each frame into the next slot as it
// arrives. To receive takes no system call, and costs a fraction of what
// recvmmsg does.
type ring struct {
	fd    int
	mem   []byte
	slots []*unix.Tpacket2Hdr
	next  int // the slot that is filled next
	mtu   int // bytes: the payload of the longest frame that fits into a slot
}

// fitRing gives the Link a ring that suits the interface's MTU; none where a
// frame is too long for one. The receiver calls it.
func (l *Link) fitRing() {
	l.ringMTU = int(l.mtu.Load())
	if l.ring != nil && l.ringMTU <= l.ring.mtu {
		return
	}
	l.binding.Lock() // the watcher binds the socket under it
	defer l.binding.Unlock()
	if l.ring != nil {
		l.ring.close()
		l.ring = nil
	}
	l.ring, _ = newRing(l.fd, l.ringSize, l.ringMTU) // else by recvmmsg
	l.hookAgain()
}

// noProtocol is an EtherType that no frame has: it is reserved.
const noProtocol = 0xffff

// hookAgain has the packet socket receive where its interface is up. The kernel
// forgets to see to that if the interface comes up just when a ring is changed.
func (l *Link) hookAgain() {
	sa, err := unix.Getsockname(l.fd)
	if err != nil {
		return
	}
	at, ok := sa.(*unix.SockaddrLinklayer)
	if !ok || at.Ifindex <= 0 {
		return // the watcher binds it to the next
	}
	for _, protocol := range []uint16{noProtocol, l.protocol} { // to bind it as it is bound does nothing
		unix.Bind(l.fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: at.Ifindex})
	}
}

// newRing makes a ring of so many bytes for frames of an MTU on a bound socket.
func newRing(fd, bytes, mtu int) (*ring, error) {
	slot := (slotHeader + mtu + slack + unix.TPACKET_ALIGNMENT - 1) &^ (unix.TPACKET_ALIGNMENT - 1)
	blocks, perBlock := bytes/ringBlock, ringBlock/slot
	if perBlock < 2 {
		return nil, fmt.Errorf("an MTU of %d is too large for a receive ring", mtu)
	}
	r := &ring{fd: fd, mtu: slot - slotHeader - slack}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V2); err != nil {
		return nil, fmt.Errorf("choose the receive ring's form: %w", err)
	}
	err := r.set(unix.TpacketReq{
		Block_size: ringBlock, Block_nr: uint32(blocks),
		Frame_size: uint32(slot), Frame_nr: uint32(blocks * perBlock),
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
	for block := range blocks {
		for i := range perBlock {
			r.slots = append(r.slots, (*unix.Tpacket2Hdr)(unsafe.Pointer(&r.mem[block*ringBlock+i*slot])))
		}
	}
	return r, nil
}

// set tells the kernel what the ring is made of; of nothing, it has none.
func (r *ring) set(req unix.TpacketReq) error {
	_, _, e := unix.Syscall6(unix.SYS_SETSOCKOPT, uintptr(r.fd), unix.SOL_PACKET, unix.PACKET_RX_RING,
		uintptr(unsafe.Pointer(&req)), unsafe.Sizeof(req), 0)
	if e != 0 {
		return e
	}
	return nil
}

// take copies frames that have arrived into the buffers, reslices these and
// returns how many. A frame longer than its slot or its buffer has length 0.
func (r *ring) take(frames [][]byte) int {
	for i := range frames {
		slot := r.slots[r.next]
		if atomic.LoadUint32(&slot.Status)&unix.TP_STATUS_USER == 0 {
			return i
		}
		n := 0
		if room := uint32(cap(frames[i])); slot.Len == slot.Snaplen && slot.Len <= room {
			n = copy(frames[i][:room], unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(slot), slot.Mac)), slot.Len))
		}
		frames[i] = frames[i][:n]
		atomic.StoreUint32(&slot.Status, unix.TP_STATUS_KERNEL)
		if r.next++; r.next == len(r.slots) {
			r.next = 0
		}
	}
	return len(frames)
}

// close removes the ring, with the frames in it: the socket has a queue again.
func (r *ring) close() {
	if r.mem != nil {
		unix.Munmap(r.mem)
	}
	r.set(unix.TpacketReq{})
}
