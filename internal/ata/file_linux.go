// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"fmt"
	"io/fs"
	"unsafe"

	"golang.org/x/sys/unix"
)

// flagDirect makes open(2) pass the page cache by.
const flagDirect = unix.O_DIRECT

// maxVectors is the most buffers that one system call takes here; the kernel
// allows 1024, but the vectors live on the stack.
const maxVectors = 64

// isDisk tells whether a mode is that of a disk.
func isDisk(mode fs.FileMode) bool {
	return mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0
}

// isReadOnlyMedium tells whether opening failed because nothing there can be written.
func isReadOnlyMedium(err error) bool { return errors.Is(err, unix.EROFS) }

// isInvalid tells whether the kernel found a call's arguments impossible.
func isInvalid(err error) bool { return errors.Is(err, unix.EINVAL) }

// isInterrupted tells whether a signal cut a call short.
func isInterrupted(err error) bool { return err == unix.EINTR }

// bytes returns the size of the file or device.
func (f *File) bytes() (int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return st.Size, nil
	}
	var size uint64
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(f.fd), unix.BLKGETSIZE64, uintptr(unsafe.Pointer(&size)))
	if e != 0 {
		return 0, e
	}
	return int64(size), nil
}

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

// directBlock names the unit of direct I/O on the file.
func (f *File) directBlock() string {
	var stx unix.Statx_t
	err := unix.Statx(f.fd, "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN, &stx)
	if err == nil && stx.Mask&unix.STATX_DIOALIGN != 0 && stx.Dio_offset_align > SectorSize {
		return fmt.Sprintf("%d bytes", stx.Dio_offset_align)
	}
	if n, err := unix.IoctlGetInt(f.fd, unix.BLKSSZGET); err == nil {
		return fmt.Sprintf("%d bytes", n)
	}
	return "another size"
}

// flush writes the file's data to the disk.
func (f *File) flush() error {
	for {
		if err := unix.Fdatasync(f.fd); !isInterrupted(err) {
			return err
		}
	}
}

// vector reads or writes vecs but for the first skip bytes, in one system call.
func (f *File) vector(vecs [][]byte, skip int, off int64, write bool) (int, error) {
	if len(vecs) == 1 { // the common case, and the cheaper call
		if write {
			return unix.Pwrite(f.fd, vecs[0][skip:], off)
		}
		return unix.Pread(f.fd, vecs[0][skip:], off)
	}
	call := uintptr(unix.SYS_PREADV)
	if write {
		call = unix.SYS_PWRITEV
	}
	var iov [maxVectors]unix.Iovec
	n := lay(iov[:], vecs, skip)
	got, _, e := unix.Syscall6(call, uintptr(f.fd), uintptr(unsafe.Pointer(&iov)), uintptr(n),
		uintptr(off), high(off), 0)
	if e != 0 {
		return 0, e
	}
	return int(got), nil
}

// tryRead reads vecs if the page cache holds them all.
func (f *File) tryRead(vecs [][]byte, off int64) error {
	if len(vecs) == 1 {
		var iov [1]unix.Iovec
		lay(iov[:], vecs, 0)
		return f.readNow(iov[:], len(vecs[0]), off)
	}
	var iov [maxVectors]unix.Iovec
	n := lay(iov[:], vecs, 0)
	bytes := 0
	for _, v := range vecs {
		bytes += len(v)
	}
	return f.readNow(iov[:n], bytes, off)
}

// readNow reads as many bytes as iov holds, without waiting (RWF_NOWAIT). The
// call cannot block, so that the scheduler need not hear of it.
func (f *File) readNow(iov []unix.Iovec, bytes int, off int64) error {
	got, _, e := unix.RawSyscall6(unix.SYS_PREADV2, uintptr(f.fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(iov))), uintptr(len(iov)),
		uintptr(off), high(off), unix.RWF_NOWAIT)
	switch {
	case e == unix.EOPNOTSUPP || e == unix.ENOSYS:
		return errors.ErrUnsupported
	case e != 0 || int(got) < bytes:
		return ErrWouldWait // also for errors: the call that may wait says which
	}
	return nil
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
