// SPDX-License-Identifier: GPL-2.0-only

package ata

import (
	"errors"
	"syscall"
)

// gone are the errors of a disk that is gone or broken, not of one that is full
// or too short. EINVAL is among them: what a File asks for is valid, whole sectors
// inside the disk, and direct I/O has been tried; nbdfuse says so once its server is
// gone.
var gone = [...]error{syscall.EIO, syscall.ENXIO, syscall.ENODEV, syscall.ENOTCONN, syscall.ESHUTDOWN, syscall.EINVAL, errNoMedium}

// IsGone reports whether an error means that the disk, or what serves it, is gone
// or broken.
func IsGone(err error) bool {
	for _, e := range gone {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
