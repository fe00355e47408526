// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"fmt"
	"io/fs"
	"unsafe"

	"golang.org/x/sys/unix"
)

// isDisk reports whether a mode is that of a disk.
func isDisk(mode fs.FileMode) bool {
	return mode&fs.ModeDevice != 0 && mode&fs.ModeCharDevice == 0
}

// What a user needs to open a file.
const (
	needRead  = "read permission for this user, or CAP_DAC_READ_SEARCH"
	needWrite = "read and write permission for this user, or CAP_DAC_OVERRIDE"
)

// bytes returns the size of the file or device.
func (o *opening) bytes() (int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(o.fd, &st); err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFBLK {
		return st.Size, nil
	}
	var size uint64
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(o.fd), unix.BLKGETSIZE64, uintptr(unsafe.Pointer(&size)))
	if e != 0 {
		return 0, e
	}
	return int64(size), nil
}

// checkWritable returns an error for a read-only block device, which Linux opens
// for writing and then fails the writes.
func (f *File) checkWritable() error {
	if f.readOnly {
		return nil
	}
	// The ioctl fails for a regular file.
	if protected, err := unix.IoctlGetInt(f.fd, unix.BLKROGET); err == nil && protected != 0 {
		return fmt.Errorf("open %s: the device is read-only (-r exports it read-only)", f.path)
	}
	return nil
}

// directBlock describes the unit of direct I/O on the file.
func (o *opening) directBlock() string {
	var stx unix.Statx_t
	err := unix.Statx(o.fd, "", unix.AT_EMPTY_PATH, unix.STATX_DIOALIGN, &stx)
	if err == nil && stx.Mask&unix.STATX_DIOALIGN != 0 && stx.Dio_offset_align > SectorSize {
		return fmt.Sprintf("%d bytes", stx.Dio_offset_align)
	}
	if n, err := unix.IoctlGetInt(o.fd, unix.BLKSSZGET); err == nil {
		return fmt.Sprintf("%d bytes", n)
	}
	return "another size"
}

// flush writes the file's data to the disk.
func (o *opening) flush() error {
	for {
		if err := unix.Fdatasync(o.fd); !isInterrupted(err) {
			return err
		}
	}
}

// putVector writes vecs, without the first skip bytes, to the disk in one system
// call.
func (o *opening) putVector(vecs [][]byte, skip int, off int64) (int, error) {
	return o.call(unix.SYS_PWRITEV2, vecs, skip, off, unix.RWF_DSYNC)
}

// fetch has the page cache read a page of the file, and does not wait for that.
func (o *opening) fetch(off int64) { unix.Fadvise(o.fd, off, page, unix.FADV_WILLNEED) }

// ignoresSync reports whether O_SYNC has no effect: it works on every disk.
func (f *File) ignoresSync() bool { return false }

// tryRead reads vecs if the page cache holds them all.
func (o *opening) tryRead(vecs [][]byte, off int64) error {
	if len(vecs) == 1 {
		var iov [1]unix.Iovec
		lay(iov[:], vecs, 0)
		return o.readNow(iov[:], len(vecs[0]), off)
	}
	var iov [MaxVectors]unix.Iovec
	n := lay(iov[:], vecs, 0)
	bytes := 0
	for _, v := range vecs {
		bytes += len(v)
	}
	return o.readNow(iov[:n], bytes, off)
}

// readNow reads as many bytes as iov holds, without waiting (RWF_NOWAIT). The
// call cannot block, so it is raw.
func (o *opening) readNow(iov []unix.Iovec, bytes int, off int64) error {
	got, _, e := unix.RawSyscall6(unix.SYS_PREADV2, uintptr(o.fd),
		uintptr(unsafe.Pointer(unsafe.SliceData(iov))), uintptr(len(iov)),
		uintptr(off), high(off), unix.RWF_NOWAIT)
	switch {
	case e == unix.EOPNOTSUPP || e == unix.ENOSYS:
		return errors.ErrUnsupported
	case e != 0 || int(got) < bytes:
		return ErrWouldWait // also for errors: the call that may wait reports them
	}
	return nil
}

// notForData is the flag of descriptors that only refer to a file.
const notForData = unix.O_PATH
