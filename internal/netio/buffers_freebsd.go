// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// NewBuffers lays n frame buffers of MaxFrame bytes such that the byte at
// offset align of each starts a page: data there can go to a disk by direct
// I/O. Only the pages that frames touch take memory: the kernel makes a
// superpage only of pages that are all in use.
func NewBuffers(n, align int) ([][]byte, error) {
	page := unix.Getpagesize()
	area, err := unix.Mmap(-1, 0, areaSize(n, page), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("allocate %d frame buffers: %w", n, err)
	}
	unix.Madvise(area, unix.MADV_NOCORE) // what is on a disk stays out of core dumps
	return layBuffers(area, n, align, page), nil
}
