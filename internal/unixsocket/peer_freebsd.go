// SPDX-License-Identifier: GPL-2.0-only

package unixsocket

import "golang.org/x/sys/unix"

// peerOf asks the kernel for the peer of a socket (LOCAL_PEERCRED, unix(4)), which
// does not tell the process.
func peerOf(fd int) (Peer, error) {
	c, err := unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
	if err != nil {
		return Peer{}, err
	}
	return Peer{UID: c.Uid}, nil
}
