// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestTouched checks that memory lies where frames of the MTU will, in spare
// buffers too, and no more than that; and that buffers keep what is in them when
// the MTU is raised.
func TestTouched(t *testing.T) {
	for _, align := range []int{0, 36} {
		p, err := newPool(4, 3, 1500, align)
		if err != nil {
			t.Fatal(err)
		}
		defer p.free()
		for _, mtu := range []int{1500, 9000, 1500} {
			if err := p.touch(mtu); err != nil {
				t.Fatal(err)
			}
			for i := range p.n {
				checkTouched(t, p, i, mtu)
			}
			if last := p.first + p.stride - 1; mtu == 1500 && p.touched < 9000 && align == 0 && resident(t, p.area, last) {
				t.Errorf("MTU %d: the end of a buffer of %d bytes has memory", mtu, p.stride)
			}
		}
	}
}

// checkTouched checks that buffer i has memory for the frames of an MTU, and holds
// what was written to it last.
func checkTouched(t *testing.T, p *pool, i, mtu int) {
	t.Helper()
	b := p.at(i)
	for at := 0; at < headerLen+mtu; at++ {
		if (at%256 == 0 || at == headerLen+mtu-1) && !resident(t, p.area, p.first+i*p.stride+at) {
			t.Fatalf("MTU %d: byte %d of buffer %d has no memory", mtu, at, i)
		}
	}
	if b[100] != 0 && b[100] != byte(i+1) {
		t.Errorf("buffer %d has lost what was in it", i)
	}
	b[100] = byte(i + 1)
}

// TestBuffersTouched checks that a link's buffers have memory.
func TestBuffersTouched(t *testing.T) {
	x := newXDPTest(t)
	for i := range x.to.bufs.n {
		if !resident(t, x.to.bufs.area, x.to.bufs.first+i*x.to.bufs.stride+9013) {
			t.Fatalf("buffer %d has no memory", i)
		}
	}
}

// resident reports whether a byte of an area has memory.
func resident(t *testing.T, area []byte, at int) bool {
	t.Helper()
	page := at / unix.Getpagesize() * unix.Getpagesize()
	var in [1]byte
	_, _, e := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&area[page])), uintptr(unix.Getpagesize()), uintptr(unsafe.Pointer(&in)))
	if e != 0 {
		t.Fatal(e)
	}
	return in[0]&1 != 0
}
