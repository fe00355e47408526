// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"syscall"
)

// gone are the errors of a disk that is gone or broken, and not merely full or
// asked for what there is not.
var gone = [...]error{syscall.EIO, syscall.ENXIO, syscall.ENODEV, syscall.ENOTCONN, syscall.ESHUTDOWN, errNoMedium}

// IsGone tells whether work ended with an error that says that the disk, or what
// serves it, is gone or broken.
func IsGone(err error) bool {
	for _, e := range gone {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// shortOf returns why less was done than asked for where the file or device ended: a
// device that was taken away has no size any more.
func (f *File) shortOf(err error) error {
	if !isDisk(f.info.Mode()) {
		return err
	}
	if bytes, lost := f.bytes(); lost != nil || bytes == 0 {
		return errNoMedium
	}
	return err
}
