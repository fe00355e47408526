// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"net"

	"golang.org/x/sys/unix"
)

// peerOf finds out which process has connected (SO_PEERCRED).
func peerOf(conn *net.UnixConn) (p peer, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return p, err
	}
	var errGet error
	err = raw.Control(func(fd uintptr) {
		var c *unix.Ucred
		if c, errGet = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); errGet == nil {
			p = peer{uid: c.Uid, pid: int(c.Pid)}
		}
	})
	if err == nil {
		err = errGet
	}
	return p, err
}
