// SPDX-License-Identifier: GPL-2.0-only

package control

import (
	"net"

	"golang.org/x/sys/unix"
)

// peerOf finds out which user has connected (LOCAL_PEERCRED, which does not tell
// the process).
func peerOf(conn *net.UnixConn) (p peer, err error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return p, err
	}
	var errGet error
	err = raw.Control(func(fd uintptr) {
		var c *unix.Xucred
		if c, errGet = unix.GetsockoptXucred(int(fd), unix.SOL_LOCAL, unix.LOCAL_PEERCRED); errGet == nil {
			p = peer{uid: c.Uid}
		}
	})
	if err == nil {
		err = errGet
	}
	return p, err
}
