// SPDX-License-Identifier: GPL-2.0-only

//go:build !linux && !freebsd

package unixsocket

import "errors"

// peerOf fails: the system does not tell who has connected.
func peerOf(int) (Peer, error) { return Peer{}, errors.ErrUnsupported }
