// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// keepSmall forbids huge pages, which would make a whole area resident with its
// first frame.
func keepSmall(mem []byte) { unix.Madvise(mem, unix.MADV_NOHUGEPAGE) }

// keepPrivate leaves memory that holds a disk's data out of core dumps.
func keepPrivate(mem []byte) { unix.Madvise(mem, unix.MADV_DONTDUMP) }

// pool is the frame buffers of a Link: first those that are lent to its user,
// then spare ones that replace those that the Link keeps.
type pool struct {
	*buffers
	start   uintptr // the address of the first buffer
	lent    int     // how many are lent to the user
	spare   []int   // indexes of those that neither the user, nor the Link, nor the kernel has
	touched int     // how many bytes at the beginning of each buffer are resident
}

// newPool allocates buffers for the frames of an MTU, as newBuffers does.
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

// take removes the spare buffer that was used last from the spare ones.
func (p *pool) take() int {
	last := len(p.spare) - 1
	i := p.spare[last]
	p.spare = p.spare[:last]
	return i
}

// give returns a buffer to the spare ones.
func (p *pool) give(i int) { p.spare = append(p.spare, i) }

// index returns the buffer that a frame is at the beginning of, or false if it is
// somewhere else.
func (p *pool) index(frame []byte) (int, bool) {
	distance := uintptr(unsafe.Pointer(unsafe.SliceData(frame))) - p.start // huge if the frame is before the buffers
	i := distance / uintptr(p.stride)
	return int(i), i < uintptr(p.n) && distance%uintptr(p.stride) == 0
}

// exchange takes a frame over: with its buffer if it is at the beginning of one,
// otherwise as a copy in a spare buffer. It returns the buffer that holds the
// frame, and the slice that the sender gets in its place. There must be a spare
// buffer.
func (p *pool) exchange(frame []byte) (int, []byte) {
	spare := p.take()
	if own, ok := p.index(frame); ok {
		return own, p.at(spare)
	}
	copy(p.at(spare), frame)
	return spare, frame
}

// mlockOnFault is MLOCK_ONFAULT, which x/sys lacks: lock pages once they are
// resident.
const mlockOnFault = 1

// lock keeps resident pages from being swapped out. If the system refuses that,
// for example because of the limit on locked memory, they may be swapped out,
// which is no error.
func (p *pool) lock() {
	unix.Syscall(unix.SYS_MLOCK2, uintptr(unsafe.Pointer(unsafe.SliceData(p.area))), uintptr(len(p.area)), mlockOnFault)
}

// touch makes the part of every buffer resident that frames of an MTU use, so
// that system calls that fill it do not wait for memory. The buffers may be in
// use.
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

// populate makes pages resident and does not change their content.
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
