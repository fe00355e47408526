// SPDX-License-Identifier: GPL-2.0-only

//go:build linux || freebsd

package ata

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// flagDirect makes open(2) pass the page cache by.
const flagDirect = unix.O_DIRECT

// maxVectors is the most buffers that one system call takes here; the kernels
// allow 1024, but the vectors live on the stack.
const maxVectors = 64

// isReadOnlyMedium tells whether opening failed because nothing there can be written.
func isReadOnlyMedium(err error) bool { return errors.Is(err, unix.EROFS) }

// isInvalid tells whether the kernel found a call's arguments impossible.
func isInvalid(err error) bool { return errors.Is(err, unix.EINVAL) }

// isInterrupted tells whether a signal cut a call short.
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

// vector reads or writes vecs but for the first skip bytes, in one system call.
func (f *File) vector(vecs [][]byte, skip int, off int64, write bool) (int, error) {
	if !write {
		return f.readVector(vecs, skip, off)
	}
	n, err := f.writeVector(vecs, skip, off)
	if err == nil {
		err = f.settle()
	}
	return n, err
}

// readVector is vector for reading.
func (f *File) readVector(vecs [][]byte, skip int, off int64) (int, error) {
	if len(vecs) == 1 { // the common case, and the cheaper call
		return unix.Pread(f.fd, vecs[0][skip:], off)
	}
	return f.call(unix.SYS_PREADV, vecs, skip, off)
}

// writeVector is vector for writing.
func (f *File) writeVector(vecs [][]byte, skip int, off int64) (int, error) {
	if len(vecs) == 1 {
		return unix.Pwrite(f.fd, vecs[0][skip:], off)
	}
	return f.call(unix.SYS_PWRITEV, vecs, skip, off)
}

// call calls preadv or pwritev. On 64-bit systems the offset is in one argument,
// on the others it is in two, low half first.
func (f *File) call(trap uintptr, vecs [][]byte, skip int, off int64) (int, error) {
	var iov [maxVectors]unix.Iovec
	n := lay(iov[:], vecs, skip)
	got, _, e := unix.Syscall6(trap, uintptr(f.fd), uintptr(unsafe.Pointer(&iov)), uintptr(n),
		uintptr(off), high(off), 0)
	if e != 0 {
		return 0, e
	}
	return int(got), nil
}

// lay writes vecs but for the first skip bytes into the kernel's form, as many
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

// high is the upper half of an offset, which the vector calls take apart; on
// 64-bit systems, where the lower half holds all, they drop it.
func high(off int64) uintptr { return uintptr(uint64(off) >> 32) }
