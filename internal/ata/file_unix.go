// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package ata

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// flagDirect makes open(2) bypass the page cache.
const flagDirect = unix.O_DIRECT

// isReadOnlyMedium reports whether opening failed because nothing there can be
// written.
func isReadOnlyMedium(err error) bool { return errors.Is(err, unix.EROFS) }

// isInvalid reports whether the kernel refused a call's arguments.
func isInvalid(err error) bool { return errors.Is(err, unix.EINVAL) }

// isInterrupted reports whether a signal interrupted a call.
func isInterrupted(err error) bool { return err == unix.EINTR }

// checkDirect tries the smallest direct read that an initiator can ask for.
func (f *File) checkDirect(path string) error {
	page, err := unix.Mmap(-1, 0, unix.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return fmt.Errorf("allocate a page: %w", err)
	}
	defer unix.Munmap(page)
	_, err = unix.Pread(f.fd, page[:SectorSize], f.start)
	if isInvalid(err) {
		return fmt.Errorf("-d needs direct I/O in sectors of %d bytes, but %s has blocks of %s; leave -d out",
			SectorSize, path, f.directBlock())
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// vector reads or writes vecs, without the first skip bytes, in one system call.
func (o *opening) vector(vecs [][]byte, skip int, off int64, a access) (int, error) {
	single := len(vecs) == 1 // the common case, and the cheaper call
	switch {
	case a == reads && single:
		return unix.Pread(o.fd, vecs[0][skip:], off)
	case a == reads:
		return o.call(unix.SYS_PREADV, vecs, skip, off, 0)
	case a == writesThrough:
		return o.putVector(vecs, skip, off)
	case single:
		return unix.Pwrite(o.fd, vecs[0][skip:], off)
	}
	return o.call(unix.SYS_PWRITEV, vecs, skip, off, 0)
}

// call calls preadv, pwritev or the like. The offset is one argument on 64-bit
// systems, and two on others, the low half first.
func (o *opening) call(trap uintptr, vecs [][]byte, skip int, off int64, flags uintptr) (int, error) {
	var iov [MaxVectors]unix.Iovec // on the stack; the kernels allow 1024
	n := lay(iov[:], vecs, skip)
	got, _, e := unix.Syscall6(trap, uintptr(o.fd), uintptr(unsafe.Pointer(&iov)), uintptr(n),
		uintptr(off), high(off), flags)
	if e != 0 {
		return 0, e
	}
	return int(got), nil
}

// lay converts vecs, without the first skip bytes, to the kernel's form, as many
// as fit, and returns how many.
func lay(iov []unix.Iovec, vecs [][]byte, skip int) int {
	n := min(len(vecs), len(iov))
	for i, v := range vecs[:n] {
		v = v[skip:]
		skip = 0
		iov[i].Base = unsafe.SliceData(v)
		iov[i].SetLen(len(v))
	}
	return n
}

// high returns the upper half of an offset for the vector calls. 64-bit systems
// ignore it, because the lower half holds all of the offset there.
func high(off int64) uintptr { return uintptr(uint64(off) >> 32) }
