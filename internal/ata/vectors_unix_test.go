// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package ata

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// TestLay lays vectors for the kernel, but for the bytes that are done.
func TestLay(t *testing.T) {
	vecs := [][]byte{make([]byte, 10), make([]byte, 20), make([]byte, 30)}
	var iov [2]unix.Iovec
	if n := lay(iov[:], vecs, 7); n != 2 {
		t.Errorf("%d vectors are laid where 2 fit", n)
	}
	if iov[0].Base != &vecs[0][7] || iov[0].Len != 3 {
		t.Errorf("the first is %d bytes, %d of it left out", iov[0].Len, uintptr(unsafe.Pointer(iov[0].Base))-uintptr(unsafe.Pointer(&vecs[0][0])))
	}
	if iov[1].Base != &vecs[1][0] || iov[1].Len != 20 {
		t.Errorf("the second is %d bytes", iov[1].Len)
	}
}
