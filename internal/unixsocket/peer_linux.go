// SPDX-License-Identifier: GPL-2.0-only

package unixsocket

import "golang.org/x/sys/unix"

// peerOf asks the kernel for the peer of a socket (SO_PEERCRED, unix(7)).
func peerOf(fd int) (Peer, error) {
	c, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return Peer{}, err
	}
	return Peer{UID: c.Uid, PID: int(c.Pid)}, nil
}
