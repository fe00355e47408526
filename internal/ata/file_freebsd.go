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

// The arguments of the ioctls are as long as their numbers tell, or this is not
// compiled.
var (
	_ [unix.DIOCGMEDIASIZE >> 16 & 0x1fff]byte  = [unsafe.Sizeof(int64(0))]byte{}
	_ [unix.DIOCGSECTORSIZE >> 16 & 0x1fff]byte = [unsafe.Sizeof(uint32(0))]byte{}
)

// errNoDisk is the error of a device that has no size.
var errNoDisk = errors.New("is a character device and no disk; name a regular file or a disk")

// isDisk tells whether a mode is that of a disk. Disks are character devices
// here; which of these are, bytes finds out.
func isDisk(mode fs.FileMode) bool { return mode&fs.ModeCharDevice != 0 }

// checkWritable knows of no disk that is opened for writing and cannot be written.
func (f *File) checkWritable() error { return nil }

// isDevice tells whether what was opened is a device, not a file.
func (f *File) isDevice() (bool, error) {
	var st unix.Stat_t
	err := unix.Fstat(f.fd, &st)
	return st.Mode&unix.S_IFMT == unix.S_IFCHR, err
}

// bytes returns the size of the file or device. A device with larger sectors than
// ours is refused: it takes whole ones only, page cache or not.
func (f *File) bytes() (int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFCHR {
		return st.Size, nil
	}
	var size int64
	switch e := f.ioctl(unix.DIOCGMEDIASIZE, unsafe.Pointer(&size)); e {
	case 0:
	case unix.ENOENT: // there is no medium
		return 0, nil
	case unix.ENOTTY, unix.ENODEV, unix.EINVAL:
		return 0, errNoDisk
	default:
		return 0, e
	}
	if sector := f.sectorSize(); SectorSize%sector != 0 {
		return 0, fmt.Errorf("it has sectors of %d bytes, and AoE ones of %d; put a file on it, and serve that", sector, SectorSize)
	}
	return size, nil
}

// sectorSize returns the size of a device's sectors in bytes, our own where it
// has none.
func (f *File) sectorSize() int {
	var size uint32
	if f.ioctl(unix.DIOCGSECTORSIZE, unsafe.Pointer(&size)) != 0 || size == 0 {
		return SectorSize
	}
	return int(size)
}

// directBlock names the unit of direct I/O on the file.
func (f *File) directBlock() string { return "another size" }

// flush writes the file's data to the disk. Writes to a device are not cached by
// the system, and fsync(2) does nothing there, but the disk may have a cache of
// its own; one that knows no such command has none.
func (f *File) flush() error {
	device, err := f.isDevice()
	switch {
	case err != nil:
		return err
	case device && f.readOnly: // nothing was written, and GEOM would refuse the command
		return nil
	case device:
		if e := f.ioctl(unix.DIOCGFLUSH, nil); e != 0 && e != unix.EOPNOTSUPP {
			return e
		}
		return nil
	}
	for {
		_, _, e := unix.Syscall(unix.SYS_FDATASYNC, uintptr(f.fd), 0, 0)
		switch e {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return e
		}
	}
}

// settle has a write that O_SYNC was asked for reach the disk where the system
// does not see to that itself: on a device.
func (f *File) settle() error {
	if !f.settles {
		return nil
	}
	return f.flush()
}

// tryRead cannot tell here what the page cache holds.
func (f *File) tryRead([][]byte, int64) error { return errors.ErrUnsupported }

// ioctl calls ioctl(2) with an argument of the length that the request tells.
func (f *File) ioctl(request uint, arg unsafe.Pointer) unix.Errno {
	_, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(f.fd), uintptr(request), uintptr(arg))
	return e
}

// notForData are flags of descriptors that do not read and write.
const notForData = unix.O_EXEC
