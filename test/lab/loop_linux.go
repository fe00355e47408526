// SPDX-License-Identifier: GPL-2.0-only

package lab

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// OpenLoop makes a file a block device with sectors of a size, in bytes, and opens
// it. The device is read-only if the file is open for reading only. The kernel
// removes the device with its last user.
func OpenLoop(file *os.File, sectorSize int) (*os.File, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("make a loop device: %w (needs root and the module loop)", err)
	}
	defer control.Close()
	for end := time.Now().Add(patience); ; {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("find a free loop device: %w", err)
		}
		device, err := attach(fmt.Sprint("/dev/loop", n), file, sectorSize)
		// Another process may have taken it.
		if !errors.Is(err, unix.EBUSY) || time.Now().After(end) {
			return device, err
		}
	}
}

// attach attaches a file to the loop device at path.
func attach(path string, file *os.File, sectorSize int) (*os.File, error) {
	device, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	config := unix.LoopConfig{Fd: uint32(file.Fd()), Size: uint32(sectorSize)}
	config.Info.Flags = unix.LO_FLAGS_AUTOCLEAR
	if err := unix.IoctlLoopConfigure(int(device.Fd()), &config); err != nil {
		device.Close()
		return nil, fmt.Errorf("configure %s: %w", path, err)
	}
	return device, nil
}

// LoopDevice makes the file at path a block device with sectors of 512 bytes for the
// length of a test, or skips the test. The device is open for writing: if the test
// closes it, the device is removed as soon as nobody else uses it.
func LoopDevice(t testing.TB, path string) *os.File {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	return LoopDeviceOf(t, file, 512)
}

// LoopDeviceOf is LoopDevice for an open file and a sector size, as in OpenLoop.
func LoopDeviceOf(t testing.TB, file *os.File, sectorSize int) *os.File {
	t.Helper()
	device, err := OpenLoop(file, sectorSize)
	if err != nil {
		Skip(t, "a loop device: "+err.Error(), "run as root, with the loop module loaded")
	}
	t.Cleanup(func() { device.Close() })
	return device
}
