// SPDX-License-Identifier: GPL-2.0-only

package netio

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Permitted returns why this process may not open a Link, or nil if it may.
func Permitted() error {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0) // without an EtherType, so that it receives nothing
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("open a packet socket: %w (needs root or CAP_NET_RAW)", unix.EPERM)
	case err != nil:
		return fmt.Errorf("open a packet socket: %w", err)
	}
	return unix.Close(fd)
}
