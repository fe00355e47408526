// SPDX-License-Identifier: GPL-2.0-only

package ata_test

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// onOwnThread runs f on a thread that ends with it: what f does to its thread
// touches nobody else.
func onOwnThread(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

// dropCapabilities takes capabilities from the calling thread.
func dropCapabilities(caps ...int) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return err
	}
	for _, c := range caps {
		data[c/32].Effective &^= 1 << (c % 32)
	}
	return unix.Capset(&header, &data[0])
}

// mountPrivately mounts source on dir for the calling thread alone.
func mountPrivately(source, dir, kind string, flags uintptr) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount(source, dir, kind, flags, "")
}

// mountReadOnly makes dir read-only for the calling thread alone.
func mountReadOnly(dir string) error {
	if err := mountPrivately(dir, dir, "", unix.MS_BIND); err != nil {
		return err
	}
	return unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
}
