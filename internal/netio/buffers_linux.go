// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// keepSmall keeps huge pages away, which would make a whole area resident at its
// first frame.
func keepSmall(mem []byte) { unix.Madvise(mem, unix.MADV_NOHUGEPAGE) }

// keepPrivate leaves memory that holds what is on a disk out of core dumps.
func keepPrivate(mem []byte) { unix.Madvise(mem, unix.MADV_DONTDUMP) }

// pool is the frame buffers of a Link: those of its user and, behind them, spare
// ones that take the place of those that the Link keeps.
type pool struct {
	*buffers
	start   uintptr // the address of the first buffer
	lent    int     // how many are the user's
	spare   []int   // those that neither the user, nor the Link, nor the kernel has
	touched int     // bytes of each buffer, from its begin on, that are resident
}

// newPool lays buffers for the frames of an MTU, as newBuffers does.
func newPool(lent, spare, mtu, align int) (*pool, error) {
	b, err := newBuffers(lent+spare, mtu, align)
	if err != nil {
		return nil, err
	}
	p := &pool{buffers: b, lent: lent}
	p.start = uintptr(unsafe.Pointer(unsafe.SliceData(b.area))) + uintptr(b.first)
	for i := range spare {
		p.spare = append(p.spare, lent+i)
	}
	return p, nil
}

// take takes the spare buffer that was used last.
func (p *pool) take() int {
	last := len(p.spare) - 1
	i := p.spare[last]
	p.spare = p.spare[:last]
	return i
}

// give makes a buffer spare again.
func (p *pool) give(i int) { p.spare = append(p.spare, i) }

// index returns which buffer a frame begins at the start of; false where it is
// somewhere else.
func (p *pool) index(frame []byte) (int, bool) {
	distance := uintptr(unsafe.Pointer(unsafe.SliceData(frame))) - p.start // huge for what lies before
	i := distance / uintptr(p.stride)
	return int(i), i < uintptr(p.n) && distance%uintptr(p.stride) == 0
}

// exchange takes over a frame, with the buffer that it begins or, where it begins
// none, as a copy in a spare one. It returns the buffer that holds the frame, and
// what the sender goes on with. There is a spare buffer.
func (p *pool) exchange(frame []byte) (int, []byte) {
	spare := p.take()
	if own, ok := p.index(frame); ok {
		return own, p.at(spare)
	}
	copy(p.at(spare), frame)
	return spare, frame
}

// mlockOnFault is MLOCK_ONFAULT, which x/sys does not have: lock what becomes
// resident, and nothing else.
const mlockOnFault = 1

// lock keeps resident pages from being swapped out. Where it is refused, as by
// the limit on locked memory, they may be: no error.
func (p *pool) lock() {
	unix.Syscall(unix.SYS_MLOCK2, uintptr(unsafe.Pointer(unsafe.SliceData(p.area))), uintptr(len(p.area)), mlockOnFault)
}

// touch makes the part of every buffer resident that frames of an MTU use: a
// system call that fills it then waits for no memory. The buffers may be in use.
func (p *pool) touch(mtu int) error {
	bytes := min(headerLen+mtu, p.length)
	if p.lent == 0 || bytes <= p.touched {
		return nil
	}
	page := unix.Getpagesize()
	for i := range p.n {
		from := p.first + i*p.stride
		begin, end := from/page*page, (from+bytes+page-1)/page*page
		if err := populate(p.area[begin:end], page); err != nil {
			return fmt.Errorf("fill %d frame buffers with memory: %w", p.n, err)
		}
	}
	p.touched = bytes
	return nil
}

// populate makes pages resident and leaves what is in them.
func populate(pages []byte, page int) error {
	err := unix.Madvise(pages, unix.MADV_POPULATE_WRITE)
	if err != unix.EINVAL {
		return err
	}
	for at := 0; at < len(pages); at += page { // Linux before 5.14
		atomic.AddUint32((*uint32)(unsafe.Pointer(&pages[at])), 0)
	}
	return nil
}
