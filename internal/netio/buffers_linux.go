// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// keepSmall keeps huge pages away, which would make a whole area resident at its
// first frame.
func keepSmall(mem []byte) { unix.Madvise(mem, unix.MADV_NOHUGEPAGE) }

// keepPrivate leaves memory that holds what is on a disk out of core dumps.
func keepPrivate(mem []byte) { unix.Madvise(mem, unix.MADV_DONTDUMP) }

// pool is the frame buffers of a Link: those of its user and, behind them, some
// that take the place of those that the kernel sends from.
type pool struct {
	*buffers
	lent  int   // how many are the user's
	spare []int // those that neither the user nor the kernel has
}

// newPool lays buffers for the frames of an MTU, as newBuffers does.
func newPool(lent, spare, mtu, align int) (*pool, error) {
	b, err := newBuffers(lent+spare, mtu, align)
	if err != nil {
		return nil, err
	}
	p := &pool{buffers: b, lent: lent}
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

// index returns which buffer a frame begins at the start of; false where it is
// somewhere else.
func (p *pool) index(frame []byte) (int, bool) {
	start := uintptr(unsafe.Pointer(unsafe.SliceData(p.area))) + uintptr(p.first)
	distance := uintptr(unsafe.Pointer(unsafe.SliceData(frame))) - start // huge for what lies before
	i := distance / uintptr(p.stride)
	return int(i), i < uintptr(p.n) && distance%uintptr(p.stride) == 0
}
