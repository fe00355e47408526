// SPDX-License-Identifier: GPL-2.0-only

package unixsocket

import (
	"errors"
	"fmt"
	"net"
)

// Peer is the process at the other end of a connection.
type Peer struct {
	UID uint32
	PID int // 0 if the system does not tell
}

// String is how a log names the peer.
func (p Peer) String() string { return fmt.Sprintf("uid %d, pid %d", p.UID, p.PID) }

// PeerOf finds out which process has connected, as of when it did; or, at the end
// that has connected, which process listens, as of when it began to.
func PeerOf(conn *net.UnixConn) (p Peer, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return p, err
	}
	errControl := raw.Control(func(fd uintptr) { p, err = peerOf(int(fd)) })
	return p, errors.Join(errControl, err)
}
