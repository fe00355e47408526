// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package netio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// The length of frame buffers, in bytes: that of the frames of the MTU at start,
// but at least that of jumbo frames, because an MTU may be raised later, and at
// most that of the loopback interface's frames.
const (
	usualBuffer   = 12 << 10
	longestBuffer = headerLen + 65536
)

// buffers are frame buffers of one length, one after the other in an area of
// whole pages.
type buffers struct {
	area   []byte
	n      int
	first  int // offset of the first one in the area
	stride int // from one to the next, in bytes: whole pages
	length int // of each, in bytes
}

// newBuffers allocates n buffers for the frames of an MTU. The byte at offset
// align of each begins a page, so that the data there can go to a disk by direct
// I/O. Only the pages that frames touch take memory, unless all are locked.
func newBuffers(n, mtu, align int) (*buffers, error) {
	page := unix.Getpagesize()
	length := min(max(usualBuffer, headerLen+mtu), longestBuffer)
	stride := (length + page - 1) / page * page
	b := &buffers{n: n, first: page - align, stride: stride, length: min(stride, longestBuffer)}
	var err error
	b.area, err = unix.Mmap(-1, 0, page+n*stride, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("allocate %d frame buffers: %w", n, err)
	}
	keepSmall(b.area)
	keepPrivate(b.area)
	return b, nil
}

// at returns buffer i.
func (b *buffers) at(i int) []byte {
	from := b.first + i*b.stride
	return b.area[from : from+b.length : from+b.length]
}

// upTo returns the first n buffers.
func (b *buffers) upTo(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = b.at(i)
	}
	return all
}

// free gives the memory back.
func (b *buffers) free() error { return unix.Munmap(b.area) }
