// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux && !freebsd

package control

import (
	"errors"
	"net"
)

// peerOf fails: the system does not tell who has connected.
func peerOf(*net.UnixConn) (peer, error) { return peer{}, errors.ErrUnsupported }
