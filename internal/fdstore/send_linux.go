// SPDX-License-Identifier: GPL-2.0-only

package fdstore

import (
	"errors"
	"net"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// message is a message to the manager, with the files that come along.
type message struct {
	text  string
	files []*os.File
}

// mmsghdr is the kernel's struct mmsghdr, which x/sys lacks. Go pads it as C does.
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// header describes a message to the kernel.
func (m message) header() mmsghdr {
	var h mmsghdr
	vec := &unix.Iovec{Base: unsafe.StringData(m.text)}
	vec.SetLen(len(m.text))
	h.hdr.Iov = vec
	h.hdr.SetIovlen(1)
	if len(m.files) > 0 {
		fds := make([]int, len(m.files))
		for i, f := range m.files {
			fds[i] = int(f.Fd())
		}
		rights := unix.UnixRights(fds...)
		h.hdr.Control = unsafe.SliceData(rights)
		h.hdr.SetControllen(len(rights))
	}
	return h
}

// send sends messages on a connected datagram socket, in one system call if the
// manager's queue has room for them: then the manager gets all of them or none, even if
// the process is killed.
func send(conn *net.UnixConn, messages []message) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	headers := make([]mmsghdr, len(messages))
	for i, m := range messages {
		headers[i] = m.header()
	}
	var sent error
	err = raw.Write(func(fd uintptr) (done bool) {
		for len(headers) > 0 {
			n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&headers[0])), uintptr(len(headers)),
				unix.MSG_NOSIGNAL|unix.MSG_DONTWAIT, 0, 0)
			switch errno {
			case 0:
				headers = headers[n:]
			case unix.EINTR:
			case unix.EAGAIN:
				return false
			default:
				sent = errno
				return true
			}
		}
		return true
	})
	runtime.KeepAlive(messages)
	return errors.Join(err, sent)
}
