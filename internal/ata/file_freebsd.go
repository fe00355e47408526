// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"fmt"
	"io/fs"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What a user needs to open a file.
const (
	needRead  = "read permission for this user"
	needWrite = "read and write permission for this user, and a disk that is not in use"
)

// This compiles only if the arguments of the ioctls are as long as their numbers
// say.
var (
	_ [unix.DIOCGMEDIASIZE >> 16 & 0x1fff]byte  = [unsafe.Sizeof(int64(0))]byte{}
	_ [unix.DIOCGSECTORSIZE >> 16 & 0x1fff]byte = [unsafe.Sizeof(uint32(0))]byte{}
)

// errNoDisk is the error of a device that has no size.
var errNoDisk = errors.New("is a character device and no disk; name a regular file or a disk")

// isDisk reports whether a mode may be that of a disk. Disks are character
// devices on FreeBSD; bytes finds out whether one is a disk.
func isDisk(mode fs.FileMode) bool { return mode&fs.ModeCharDevice != 0 }

// checkWritable returns nil: a disk that is opened for writing can be written on
// FreeBSD.
func (f *File) checkWritable() error { return nil }

// bytes returns the size of the file or device. It refuses a device with larger
// sectors than ours, which can only be read and written in whole sectors.
func (o *opening) bytes() (int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(o.fd, &st); err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFCHR {
		return st.Size, nil
	}
	var size int64
	switch e := o.ioctl(unix.DIOCGMEDIASIZE, unsafe.Pointer(&size)); e {
	case 0:
	case unix.ENOENT: // there is no medium
		return 0, nil
	case unix.ENOTTY, unix.ENODEV, unix.EINVAL:
		return 0, errNoDisk
	default:
		return 0, e
	}
	if sector := o.sectorSize(); SectorSize%sector != 0 {
		return 0, fmt.Errorf("it has sectors of %d bytes, and AoE ones of %d; put a file on it, and serve that", sector, SectorSize)
	}
	return size, nil
}

// sectorSize returns the size of a device's sectors in bytes, or SectorSize if it
// has none.
func (o *opening) sectorSize() int {
	var size uint32
	if o.ioctl(unix.DIOCGSECTORSIZE, unsafe.Pointer(&size)) != 0 || size == 0 {
		return SectorSize
	}
	return int(size)
}

// directBlock describes the unit of direct I/O on the file.
func (o *opening) directBlock() string { return "another size" }

// flush writes the file's data to the disk. FreeBSD does not cache writes to a
// device, and fsync(2) does nothing there, but the disk may have a cache of its
// own. A disk that does not support the command has no cache.
func (o *opening) flush() error {
	switch {
	case o.disk && o.readOnly: // nothing was written, and GEOM would refuse the command
		return nil
	case o.disk:
		if e := o.ioctl(unix.DIOCGFLUSH, nil); e != 0 && e != unix.EOPNOTSUPP {
			return e
		}
		return nil
	}
	for {
		_, _, e := unix.Syscall(unix.SYS_FDATASYNC, uintptr(o.fd), 0, 0)
		switch e {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return e
		}
	}
}

// putVector writes vecs, without the first skip bytes, to the disk.
func (o *opening) putVector(vecs [][]byte, skip int, off int64) (int, error) {
	n, err := o.vector(vecs, skip, off, writes)
	if err == nil {
		err = o.flush()
	}
	return n, err
}

// fetch does nothing: no file is written in batches.
func (o *opening) fetch(int64) {}

// ignoresSync reports whether O_SYNC has no effect: the disk's cache has to be
// flushed after a write.
func (f *File) ignoresSync() bool { return f.disk }

// tryRead is not supported on this system.
func (o *opening) tryRead([][]byte, int64) error { return errors.ErrUnsupported }

// ioctl calls ioctl(2) with an argument whose length is part of the request.
func (o *opening) ioctl(request uint, arg unsafe.Pointer) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(o.fd), uintptr(request), uintptr(arg))
	return e
}

// notForData is the flag of descriptors that neither read nor write.
const notForData = unix.O_EXEC
