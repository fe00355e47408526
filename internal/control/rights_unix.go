// SPDX-License-Identifier: GPL-2.0-only

//go:build unix

package control

import (
	"os"

	"golang.org/x/sys/unix"
)

// rights is the control message that hands files over.
func rights(files []*os.File) []byte {
	if len(files) == 0 {
		return nil
	}
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = descriptor(f)
	}
	return unix.UnixRights(fds...)
}

// descriptor returns the descriptor of a file, or -1 if it is closed. Unlike
// File.Fd it does not make the file blocking, which would apply to all its
// descriptors; a listening socket must not be blocking.
func descriptor(f *os.File) int {
	n := -1
	if raw, err := f.SyscallConn(); err == nil {
		raw.Control(func(fd uintptr) { n = int(fd) })
	}
	return n
}

// rightsSpace is the room for the control message that hands over n files.
func rightsSpace(n int) int { return unix.CmsgSpace(4 * n) }

// parseRights returns the files that a control message hands over.
func parseRights(control []byte) ([]*os.File, error) {
	var files []*os.File
	messages, err := unix.ParseSocketControlMessage(control)
	for i := range messages {
		fds, e := unix.ParseUnixRights(&messages[i])
		if e != nil {
			continue // not descriptors
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "handed over"))
		}
	}
	return files, err
}

// isCut reports whether some descriptors had no room.
func isCut(flags int) bool { return flags&unix.MSG_CTRUNC != 0 }
